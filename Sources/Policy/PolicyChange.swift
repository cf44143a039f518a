/// One line in which the normal forms of two policies differ.
///
/// Everything that a policy means is in its normal form, and nothing else is, so two policies without a change
/// do the same.
public struct PolicyChange: Sendable, Hashable {
    /// Where the line stands, such as `salt`, `arms` or `decide.guardrails`.
    public let section: String
    /// Nil where the line is new.
    public let old: String?
    /// Nil where the line is gone.
    public let new: String?
}

extension SplitPolicy {
    /// What `new` does differently, in the order of the normal form within each section.
    public func changes(to new: SplitPolicy) -> [PolicyChange] {
        let difference = NormalLine.lines(of: new).difference(from: NormalLine.lines(of: self))
        var added = difference.insertions.map(\.line)
        var changes: [PolicyChange] = []
        for removed in difference.removals.map(\.line) {
            let partner = added.firstIndex { $0.isOther(removed) }.map { added.remove(at: $0) }
            changes.append(PolicyChange(section: removed.section, old: removed.text, new: partner?.text))
        }
        return changes + added.map { PolicyChange(section: $0.section, old: nil, new: $0.text) }
    }
}

/// A line of a normal form and the titles that it stands under.
private struct NormalLine: Hashable {
    let section: String
    /// What the line defines within its section; nil for an item of a list, which has no name.
    let key: Substring?
    let text: String

    static func lines(of policy: SplitPolicy) -> [NormalLine] {
        var titles: [Substring] = []
        return policy.source.split(separator: "\n").compactMap { line in
            let depth = line.prefix { $0 == " " }.count / 2
            let text = line.drop { $0 == " " }
            titles = Array(titles.prefix(depth))
            if text.hasSuffix(":") {
                titles.append(text.dropLast())
                return nil
            }
            return NormalLine(text, under: titles)
        }
    }

    /// A line at the top is a section of its own, named by its key.
    private init(_ text: Substring, under titles: [Substring]) {
        let key = text.hasPrefix("- ") ? nil : text.prefix { $0 != ":" }
        section = (titles.isEmpty ? [key ?? text] : titles).joined(separator: ".")
        self.key = key
        self.text = titles.isEmpty || key == nil ? String(text.drop { $0 != " " }.dropFirst()) : String(text)
    }

    /// Whether both define the same thing.
    func isOther(_ line: NormalLine) -> Bool { key != nil && section == line.section && key == line.key }
}

extension CollectionDifference.Change {
    fileprivate var line: ChangeElement {
        switch self {
        case .insert(_, let element, _), .remove(_, let element, _): element
        }
    }
}
