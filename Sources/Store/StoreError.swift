public import Policy

/// Everything that can go wrong with the record.
public enum StoreError: Error, Sendable, Hashable {
    /// The folder or the file can't be opened.
    case cannotOpen(path: String, reason: String)
    /// There is nothing to read: no file, or an empty one.
    case noRecord(path: String)
    case notADatabase(path: String)
    /// A SQLite database that another program made.
    case foreignDatabase(path: String)
    /// Written by a later version of this program.
    case newerSchema(path: String, found: [String])
    /// Another process writes to the file.
    case alreadyOpen(path: String)
    case readOnly(path: String)
    /// The path no longer leads to the file that was opened, so what is written would be lost with it.
    case moved(path: String)
    /// The rows contradict each other.
    case inconsistent(path: String, what: String)
    case full
    case busy
    case queueFull(limit: Int)
    case stopped
    case duplicateRequest(RequestID)
    case unknownRequest(RequestID)
    case alreadyClosed(RequestID, as: TerminalState)
    case unregisteredArm(PolicyID, PolicyVersion, ArmID)
    /// Another gateway of the fleet controls the rollouts now.
    case notInControl
    /// The fleet's rollout is no longer where the writer believed it to be.
    case rolloutMoved(PolicyID)
    /// The request has a shadow already, or isn't there.
    case shadowRefused(RequestID)
    case noOpenShadow(RequestID)
    /// Anything else that SQLite says; never contains a row's content.
    case failed(code: Int, reason: String)
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open the record \(path): \(reason); create its folder or choose another file with --db"
        case .noRecord(let path):
            "there is no record at \(path); name the file that the gateway was started with (serve --db)"
        case .notADatabase(let path):
            "\(path) is not a SQLite database or is damaged; restore a backup or choose another file with --db"
        case .foreignDatabase(let path):
            "\(path) is another program's database; choose another file with --db"
        case .newerSchema(let path, let found):
            "\(path) was written by a later headgate (unknown migrations: \(found.joined(separator: ", "))); "
                + "run that version or choose another file with --db"
        case .alreadyOpen(let path):
            "another headgate is writing to \(path); stop it or choose another file with --db"
        case .readOnly(let path):
            "\(path) or its folder can't be written; check owner, mode and mount options"
        case .moved(let path):
            "the record \(path) was moved, removed or replaced while it was open; put it back, and writing goes on "
                + "by itself, or start the gateway again"
        case .inconsistent(let path, let what):
            "the record \(path) contradicts itself: \(what); keep a copy of it and restore a backup"
        case .full:
            "the record's disk is full, or the file is at its size limit; free space, and writing goes on by itself"
        case .busy:
            "another program holds the record's write lock; end it, and writing goes on by itself"
        case .queueFull(let limit):
            "as many as may, \(limit), already wait for the record; the disk is slower than the traffic: send less, retry later"
        case .stopped:
            "the record is closed; start the gateway again"
        case .duplicateRequest(let id):
            "request \(id) is already recorded; make a new id for each request"
        case .unknownRequest(let id):
            "request \(id) is not in the record; open it before closing it"
        case .alreadyClosed(let id, let state):
            "request \(id) has already ended as \(state.rawValue); a request ends once"
        case .unregisteredArm(let policy, let version, let arm):
            "arm \(arm) of policy \(policy) version \(version) is unknown to the record; "
                + "remember a policy before requests are assigned by it"
        case .notInControl:
            "another gateway has taken over the rollouts; send commands to that one"
        case .rolloutMoved(let policy):
            "another gateway has moved the rollout of \(policy) meanwhile; look at its status, then try again"
        case .shadowRefused(let id):
            "request \(id) has a shadow already or is not in the record; open one shadow for a recorded request"
        case .noOpenShadow(let id):
            "request \(id) has no open shadow; open it before closing it, once"
        case .failed(let code, let reason):
            "SQLite failed with code \(code) (\(reason)); check the disk and its log"
        }
    }
}
