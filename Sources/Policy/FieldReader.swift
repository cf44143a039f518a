internal import Yams

/// A value in a document: its node, its path, its line, and what may stand there.
struct Field {
    let node: Node
    let path: String
    let line: Int?
    let shape: DocumentShape

    init(node: Node, path: String, line: Int? = nil, shape: DocumentShape) {
        self.node = node
        self.path = path
        self.line = line ?? node.mark?.line
        self.shape = shape
    }

    var isList: Bool {
        if case .sequence = node { return true }
        return false
    }

    /// How many keys the mapping has, repeated ones included; 0 when it is no mapping.
    var keyCount: Int {
        if case .mapping(let mapping) = node { return mapping.count }
        return 0
    }
}

/// A mapping whose keys are all known.
struct Section {
    let path: String
    let line: Int?
    fileprivate let fields: [String: Field]
    fileprivate let shape: SectionShape

    /// Nil when the document doesn't have the key.
    subscript(_ key: String) -> Field? {
        precondition(shape[key] != nil, "\(path) has no key \(key) by its shape")
        return fields[key]
    }
}

/// Takes fields out of a document by type and notes everything that does not fit.
///
/// A class, because every field that is read adds to one list of problems.
final class FieldReader {
    private let file: String
    private(set) var problems: [PolicyProblem] = []

    init(file: String) {
        self.file = file
    }

    func report(_ path: String, _ line: Int?, _ message: String, fix: String) {
        problems.append(PolicyProblem(file: file, path: path, line: line, message: message, fix: fix))
    }

    /// The mapping at a field, or nil when it is absent or no mapping.
    func section(_ field: Field?) -> Section? {
        guard let field else { return nil }
        guard case .section(let shape) = field.shape else {
            preconditionFailure("\(field.path) is no section but \(field.shape)")
        }
        guard let pairs = pairs(field) else { return nil }
        var fields: [String: Field] = [:]
        for pair in pairs {
            if let key = shape[pair.key] {
                fields[pair.key] = pair.field(shape: key.shape)
            } else if let instead = shape.unavailable[pair.key] {
                report(pair.path, pair.line, "not available in this version", fix: instead)
            } else {
                let fix = suggestion(for: pair.key, among: shape.keys.map(\.name))
                report(pair.path, pair.line, "unknown key", fix: fix)
            }
        }
        return Section(path: field.path, line: field.line, fields: fields, shape: shape)
    }

    /// The entries of a mapping whose keys its author chose, in the order of the text; nil when the field is no
    /// mapping or has more than it may.
    func entries(_ field: Field) -> [(key: String, value: Field)]? {
        guard case .entries(let shape, let limit) = field.shape else {
            preconditionFailure("\(field.path) has no entries but is \(field.shape)")
        }
        guard let pairs = pairs(field), isWithin(limit, count: pairs.count, field) else { return nil }
        return pairs.map { ($0.key, $0.field(shape: shape)) }
    }

    /// A key of a mapping and the value beside it.
    struct Pair {
        let key: String
        let node: Node
        let path: String
        let line: Int?

        func field(shape: DocumentShape) -> Field {
            Field(node: node, path: path, line: line, shape: shape)
        }
    }

    /// The keys and values of a mapping in the order of the text, or nil when the field is no mapping.
    func pairs(_ field: Field) -> [Pair]? {
        guard case .mapping(let mapping) = field.node else {
            report(field.path, field.line, "expected a mapping", fix: "write it as `key: value` pairs")
            return nil
        }
        var seen: Set<String> = []
        var pairs: [Pair] = []
        for (keyNode, value) in mapping {
            guard case .scalar(let key) = keyNode else {
                report(
                    field.path,
                    keyNode.mark?.line,
                    "a key is not plain text",
                    fix: "use a word as the key"
                )
                continue
            }
            let name = String(key.string.unicodeScalars.prefix(DocumentLimit.name))
            let path = field.path.isEmpty ? name : "\(field.path).\(name)"
            guard seen.insert(key.string).inserted else {
                report(path, key.mark?.line, "the key appears twice", fix: "keep one of them")
                continue
            }
            pairs.append(Pair(key: key.string, node: value, path: path, line: key.mark?.line))
        }
        return pairs
    }

    /// The items of a list, or nil when the field is absent, or no list of as many items as it may have.
    func items(_ field: Field?) -> [Field]? {
        guard let field else { return nil }
        guard case .list(let shape, let limit) = field.shape else {
            preconditionFailure("\(field.path) is no list but \(field.shape)")
        }
        guard case .sequence(let sequence) = field.node else {
            report(field.path, field.line, "expected a list", fix: "write it as [first, second]")
            return nil
        }
        guard !sequence.isEmpty else {
            report(field.path, field.line, "the list is empty", fix: "name at least one, or remove the key")
            return nil
        }
        guard isWithin(limit, count: sequence.count, field) else { return nil }
        return sequence.enumerated().map { Field(node: $1, path: "\(field.path)[\($0)]", shape: shape) }
    }

    func isWithin(_ limit: Int, count: Int, _ field: Field) -> Bool {
        if count <= limit { return true }
        report(
            field.path,
            field.line,
            "\(count) entries are more than the limit of \(limit)",
            fix: "use fewer"
        )
        return false
    }

    /// The text of a scalar, or nil when the field is absent, empty, or no scalar.
    func scalar(_ field: Field?) -> Located<String>? {
        guard let field else { return nil }
        guard case .scalar(let scalar) = field.node else {
            report(
                field.path,
                field.line,
                "expected a single value",
                fix: "write one value, no list or mapping"
            )
            return nil
        }
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
            report(field.path, field.line, "there is no value", fix: "give one, or remove the key")
            return nil
        }
        return Located(value: scalar.string, path: field.path, line: field.line)
    }

    /// The value that `parse` makes of a scalar; a problem with `expected` when it makes none.
    func value<Value>(
        _ field: Field?,
        expected: String,
        fix: String,
        parse: (String) -> Value?
    ) -> Located<Value>? {
        guard let text = scalar(field) else { return nil }
        guard let value = parse(text.value) else {
            report(text.path, text.line, "\(quoted(text.value)) is not \(expected)", fix: fix)
            return nil
        }
        return Located(value: value, path: text.path, line: text.line)
    }
}

/// The text in quotes, cut so that a message stays a line.
func quoted(_ text: String) -> String {
    "\"\(String(text.unicodeScalars.prefix(60)))\(text.unicodeScalars.count > 60 ? "…" : "")\""
}
