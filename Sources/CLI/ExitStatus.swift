/// Exit codes that pipelines may rely on; `go`, `wait` and `no-go` are the summary's verdicts.
enum ExitStatus {
    static let go: Int32 = 0
    static let wait: Int32 = 10
    static let noGo: Int32 = 20
    /// Wrong arguments, as in sysexits.h.
    static let usage: Int32 = 64
    /// A policy folder, or a command to a rollout, was refused; as EX_DATAERR in sysexits.h.
    static let refused: Int32 = 65
    /// Something failed while running, as in sysexits.h.
    static let failure: Int32 = 70
    /// Nobody answers at the address; as EX_TEMPFAIL in sysexits.h.
    static let unreachable: Int32 = 75
    /// The key is unknown or its role is too small; as EX_NOPERM in sysexits.h.
    static let noPermission: Int32 = 77
}

/// A mistake in what was typed; the message says what to type instead.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
