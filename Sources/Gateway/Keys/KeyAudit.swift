internal import FoundationEssentials
public import Store

/// What the audit has been told of the key file, and so what it has not been told yet.
///
/// It starts from the audit itself: a key that came or went while nobody served shows as well.
public struct KeyAudit: Sendable {
    /// Who the audit says changed a key: whoever may write to the state folder, which no name is known of.
    public static let actor = "keys"
    private static let action = "key"
    private static let nothing = "none"

    /// The keys that the audit has, by name, in its words.
    private var told: [String: String] = [:]

    /// - Parameter lines: everything that the audit has by this actor, oldest first.
    public init(_ lines: [AuditRecord]) {
        for line in lines { take(line) }
    }

    /// One line for each key that came or went since; a key that was replaced by one of its name has two.
    ///
    /// - Parameter reason: how it came to be noticed.
    public func lines(for keys: AccessKeys, reason: String) -> [AuditRecord] {
        let present = Dictionary(keys.all.map { ($0.name, Self.words(for: $0)) }, uniquingKeysWith: { $1 })
        let gone = told.filter { present[$0.key] != $0.value }.sorted { $0.key < $1.key }
        let came = keys.all.map { Self.words(for: $0) }.filter { told[Self.name(in: $0)] != $0 }
        return gone.map { Self.line(before: $0.value, after: Self.nothing, reason) }
            + came.map { Self.line(before: Self.nothing, after: $0, reason) }
    }

    /// Notes that the audit has the line now.
    public mutating func take(_ line: AuditRecord) {
        if line.before != Self.nothing { told[Self.name(in: line.before)] = nil }
        if line.after != Self.nothing { told[Self.name(in: line.after)] = line.after }
    }

    private static func line(before: String, after: String, _ reason: String) -> AuditRecord {
        AuditRecord(
            actor: actor,
            action: action,
            policy: nil,
            before: before,
            after: after,
            reason: reason
        )
    }

    /// The time of its making tells a key from an earlier one of the same name; nothing of its digest is said.
    private static func words(for key: AccessKey) -> String {
        let tags = key.tags.isEmpty ? [] : [key.tags.joined(separator: ",")]
        let made = Date(timeIntervalSince1970: TimeInterval(key.created.seconds)).formatted(.iso8601)
        let proof = key.isCertificate ? ["certificate"] : []
        return ([key.name, key.role.rawValue] + proof + tags + ["of", made]).joined(separator: " ")
    }

    private static func name(in words: String) -> String { String(words.prefix { $0 != " " }) }
}
