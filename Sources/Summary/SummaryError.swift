public import Policy
public import Store

/// Why there is no summary.
public enum SummaryError: Error, Sendable, Hashable {
    case record(StoreError)
    /// The record holds no policy at all.
    case emptyRecord
    case unknownPolicy(PolicyID, known: [PolicyID])
    case unknownVersion(PolicyVersion, of: PolicyID, known: [PolicyVersion])
    /// The document kept in the record is not one that this program can read.
    case unreadablePolicy(PolicyID, PolicyVersion, reason: String)
    /// The primary metric is the head's own opinion.
    case selfScored(MetricName)
}

extension SummaryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .record(let error):
            "\(error)"
        case .emptyRecord:
            "the record holds no policy; start headgate serve with it once, or choose another file with --db"
        case .unknownPolicy(let policy, let known):
            "the record holds no policy \(policy); choose one of: \(Self.list(known))"
        case .unknownVersion(let version, let policy, let known):
            "policy \(policy) has no version \(version) in the record; choose one of: \(Self.list(known))"
        case .unreadablePolicy(let policy, let version, let reason):
            "version \(version) of policy \(policy) in the record cannot be read (\(reason)); "
                + "use the headgate that wrote it"
        case .selfScored(let metric):
            "metric \(metric) is the head's own score, which rises with k by construction and decides nothing; "
                + "decide on an outcome that was checked outside the model"
        }
    }

    private static func list(_ names: [some CustomStringConvertible]) -> String {
        names.map(\.description).joined(separator: ", ")
    }
}
