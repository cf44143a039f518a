internal import GRDB

extension StoreError {
    /// What SQLite's error means for whoever runs the gateway.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_FULL: self = .full
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
            case .SQLITE_READONLY: self = .readOnly(path: path)
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: self = .notADatabase(path: path)
            case .SQLITE_CANTOPEN:
                self = .cannotOpen(path: path, reason: error.message ?? "unable to open database file")
            default:
                // The message is SQLite's own and names tables at most; arguments are not in it.
                self = .failed(
                    code: Int(error.extendedResultCode.rawValue),
                    reason: error.message ?? "no reason given"
                )
            }
        default:
            self = .failed(code: -1, reason: String(describing: type(of: error)))
        }
    }
}
