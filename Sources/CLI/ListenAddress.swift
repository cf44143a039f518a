import Foundation

/// A host and a port as typed, `127.0.0.1:8443` or `[::1]:8443`.
struct ListenAddress: CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init(_ text: String) throws(UsageError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw UsageError("'\(text)' is not HOST:PORT, such as 127.0.0.1:8443 or [::1]:0")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, text.hasPrefix("[") || !host.contains(":") else {
            throw UsageError("'\(text)' has no usable host; an IPv6 address goes in brackets: [::1]:8443")
        }
        self.host = String(host)
        self.port = Int(port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Where things of this user are kept unless told otherwise.
enum StatePaths {
    /// `$XDG_STATE_HOME/headgate`, or `~/.local/state/headgate`.
    static var defaultFolder: String {
        let environment = ProcessInfo.processInfo.environment
        // The shell's `~` is $HOME, so a folder named to people must be under it too; an empty variable is unset.
        func folder(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let base = folder("XDG_STATE_HOME") ?? (folder("HOME") ?? NSHomeDirectory()) + "/.local/state"
        return base + "/headgate"
    }

    /// The certificate that a gateway of this user made for itself; nil when none has.
    static var ownCertificate: String? {
        let path = defaultFolder + "/headgate-cert.pem"
        return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }
}

/// Lines on standard output that scripts wait for.
enum StandardOutput {
    /// Written at once, past any buffering: a script may be waiting for it on a pipe.
    static func announce(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
