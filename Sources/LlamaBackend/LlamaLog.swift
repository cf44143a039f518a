internal import CLlama
internal import Synchronization

/// Where llama.cpp's own log lines go; silent until told otherwise.
///
/// llama.cpp has one log for the whole process, so this has too. The last few complaints are kept, because
/// they are the only place where llama.cpp says why a model does not load.
public enum LlamaLog {
    public enum Level: Int, Sendable, Comparable {
        case debug, info, warning, error

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// Complaints kept; a failed load writes two or three.
    private static let keptComplaints = 8

    private struct State {
        var receiver: (@Sendable (Level, String) -> Void)?
        var complaints: [String] = []
    }

    private static let state = Mutex(State())

    /// Sends every further line to the receiver, which may be called from any thread.
    public static func route(to receiver: (@Sendable (Level, String) -> Void)?) {
        state.withLock { $0.receiver = receiver }
    }

    /// Starts llama.cpp once for the process and takes its log over.
    static let start: Void = {
        llama_log_set({ level, text, _ in LlamaLog.receive(level, text) }, nil)
        llama_backend_init()
    }()

    /// What llama.cpp complained about while the body ran; for one load at a time.
    static func complaints<Result>(during body: () -> Result) -> (result: Result, reason: String?) {
        state.withLock { $0.complaints = [] }
        let result = body()
        let lines = state.withLock { $0.complaints }
        return (result, lines.isEmpty ? nil : lines.joined(separator: "; "))
    }

    private static func receive(_ rawLevel: ggml_log_level, _ text: UnsafePointer<CChar>?) {
        guard let text else { return }
        let level: Level =
            switch rawLevel {
            case GGML_LOG_LEVEL_ERROR: .error
            case GGML_LOG_LEVEL_WARN: .warning
            case GGML_LOG_LEVEL_INFO: .info
            default: .debug
            }
        var line = String(cString: text)
        while line.last?.isNewline == true { line.removeLast() }
        guard !line.isEmpty else { return }
        let receiver = state.withLock { state in
            if level == .error {
                state.complaints.append(line)
                state.complaints.removeFirst(max(0, state.complaints.count - keptComplaints))
            }
            return state.receiver
        }
        receiver?(level, line)
    }
}
