/// In whose name documents change, as the audit tells it.
public struct PolicyAuthor: Sendable, Hashable {
    /// Whoever edits the folder's files.
    public static let file = PolicyAuthor(actor: "file")

    public let actor: String
    /// Why, where the author has more to say than what was done.
    public let reason: String?

    public init(actor: String, reason: String? = nil) {
        self.actor = actor
        self.reason = reason
    }
}

/// One document's change, as a person or a program asks for it.
public struct PolicyEdit: Sendable, Hashable {
    public enum Change: Sendable, Hashable {
        /// The document is to have these bytes.
        case write([UInt8])
        case remove
    }

    /// What must be so for the change to be made: whoever changes a document has to know which one.
    public enum Condition: Sendable, Hashable {
        /// The document has one of these versions.
        case isOne(of: [PolicyVersion])
        /// There is a document, whatever it says.
        case exists
        /// There is none.
        case isAbsent

        func holds(_ present: PolicyVersion?) -> Bool {
            switch self {
            case .isOne(let versions): present.map(versions.contains) ?? false
            case .exists: present != nil
            case .isAbsent: present == nil
            }
        }
    }

    public let policy: PolicyID
    public let change: Change
    /// Nil is refused, with the version that there is.
    public let condition: Condition?
    public let author: PolicyAuthor

    public init(policy: PolicyID, change: Change, condition: Condition?, author: PolicyAuthor) {
        self.policy = policy
        self.change = change
        self.condition = condition
        self.author = author
    }
}

/// What an edit came to.
public struct PolicyEdited: Sendable, Hashable {
    /// The version of the document before; nil where there was none.
    public let before: PolicyVersion?
    /// Nil where it is gone.
    public let after: PolicyVersion?
}

/// Why an edit was not made. Nothing has changed then.
public enum PolicyEditRefusal: Error, Sendable, Hashable {
    case unconditional(present: PolicyVersion?)
    case conditionFailed(present: PolicyVersion?)
    case noSuchPolicy
    /// The folder would be refused with it.
    case invalid(PolicyProblems)
    /// Somebody edits the folder's files at this moment, or has left an edit there that was refused.
    case unsettled([String])
    case unwritable(file: String, reason: String)
    case unrecorded(PolicyProblem)
}

extension PolicyEditRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unconditional(let present?):
            "the request must name the version that it changes: send If-Match: \"\(present)\" if that is the one"
        case .unconditional(nil):
            "there is no such policy; send If-None-Match: * to add it"
        case .conditionFailed(let present?):
            "the document is at version \(present), not at what the request names; fetch it again and repeat the edit"
        case .conditionFailed(nil):
            "there is no such policy; send If-None-Match: * without If-Match to add it"
        case .noSuchPolicy:
            "no policy of this name is in the folder; GET /v1/policies lists those that are"
        case .invalid(let problems):
            "the policies would be refused with this change: \(problems.problems.count) problem(s); correct them"
        case .unsettled(let files):
            "\(files.joined(separator: ", ")) was edited in the folder and that is not in force: try again in a "
                + "moment, and if it stays so see the gateway's log for what is wrong with it"
        case .unwritable(let file, let reason):
            "\(file) can't be written: \(reason); change the policies where the folder comes from"
        case .unrecorded(let problem):
            "\(problem.message); the file is as it was"
        }
    }
}

/// What would be said of the folder with a document in it.
public struct PolicyVerdict: Sendable, Hashable {
    public let problems: [PolicyProblem]
    /// What is allowed and looks like a mistake; empty where there are problems.
    public let warnings: [PolicyProblem]
}
