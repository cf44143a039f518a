internal import FoundationEssentials

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// One file of a policy folder as it was read.
public struct PolicyFile: Sendable, Hashable {
    /// The folder's name as the operator gave it, a slash, and the file's.
    public let name: String
    public let bytes: [UInt8]

    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The file's own name, without its folder's.
    public var shortName: String { name.split(separator: "/").last.map(String.init) ?? name }

    /// Of a valid document, the bytes as they are.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Reads the documents of a folder: its `.yaml`, `.yml` and `.json` files, hidden ones and subfolders left out.
///
/// Links are followed, so a folder that is a mounted Kubernetes ConfigMap works as it is.
public struct PolicyFolder: Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    /// The files in order of their names; throws when the folder or one of its documents cannot be read.
    ///
    /// A path of one document is a folder of that one.
    public func files() throws(PolicyProblems) -> [PolicyFile] {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
            return [PolicyFile(name: path, bytes: try PolicyFolder.contents(of: path))]
        }
        let names = try documentNames()
        var files: [PolicyFile] = []
        var problems: [PolicyProblem] = []
        for name in names {
            let label = path(of: name)
            do {
                files.append(PolicyFile(name: label, bytes: try PolicyFolder.contents(of: label)))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw PolicyProblems(problems) }
        return files
    }

    /// The path of a document with this name.
    func path(of name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    private func documentNames() throws(PolicyProblems) -> [String] {
        let all: [String]
        do {
            all = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            let fix = "check that the folder exists and may be read"
            throw PolicyFolder.refusal(path, "the policy folder cannot be listed", fix: fix)
        }
        let names = all.filter { name in
            !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
        }
        guard names.count <= DocumentLimit.files else {
            let message = "the folder has \(names.count) documents; the limit is \(DocumentLimit.files)"
            throw PolicyFolder.refusal(path, message, fix: "remove the policies that are no longer used")
        }
        return names.sorted()
    }

    /// Reads at most one byte past the limit, so that the limit's own check can see that there is more.
    /// What is appended after the size was asked for is left to the next look.
    ///
    /// It opens without blocking: a named pipe in the folder would otherwise stop every reload.
    static func contents(of path: String) throws(PolicyProblems) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw refusal(path, "the file cannot be opened", fix: "check that it may be read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw refusal(path, "this is no regular file", fix: "keep only documents in the folder")
        }
        let size = min(max(0, Int(status.st_size)), DocumentLimit.fileBytes)
        var bytes = [UInt8](repeating: 0, count: size + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if got == 0 { break }
            guard got > 0 else {
                throw refusal(path, "the file cannot be read", fix: "check the disk that it is on")
            }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    private static func refusal(_ file: String, _ message: String, fix: String) -> PolicyProblems {
        PolicyProblems([PolicyProblem(file: file, message: message, fix: fix)])
    }
}

extension PolicySet {
    /// Reads, validates and orders every document of a folder; throws all problems of all files at once.
    public static func load(folder: String) throws(PolicyProblems) -> PolicySet {
        try PolicySet(files: PolicyFolder(path: folder).files(), folder: folder)
    }

    /// - Parameters:
    ///   - folder: the name under which a problem of the whole is reported.
    ///   - known: a set whose documents are not read again where they are the same to the byte. Reading is nearly all
    ///     that a large folder costs, and an edit changes one document.
    public init(files: [PolicyFile], folder: String, reusing known: PolicySet? = nil) throws(PolicyProblems) {
        let known = known?.policyByFile ?? [:]
        var policies: [(file: PolicyFile, policy: SplitPolicy)] = []
        var problems: [PolicyProblem] = []
        for file in files {
            do {
                let policy = if let same = known[file] { same } else { try SplitPolicy(PolicyDocument(file)) }
                policies.append((file, policy))
            } catch {
                problems += error.problems
            }
        }
        if files.isEmpty {
            let message = "the folder has no policy: no file ends in .yaml, .yml or .json"
            problems.append(PolicyProblem(file: folder, message: message, fix: "add a policy document"))
        }
        do {
            let set = try PolicySet(policies)
            if problems.isEmpty {
                self = set
                return
            }
        } catch {
            problems += error.problems
        }
        throw PolicyProblems(problems)
    }
}

extension PolicyDocument {
    init(_ file: PolicyFile) throws(PolicyProblems) {
        guard file.bytes.count <= DocumentLimit.fileBytes else {
            let problem = PolicyProblem(
                file: file.name,
                message: "the document is larger than the limit of \(DocumentLimit.fileBytes) bytes",
                fix: "keep one policy per file and leave out what is not policy"
            )
            throw PolicyProblems([problem])
        }
        guard let text = String(validating: file.bytes, as: UTF8.self) else {
            let problem = PolicyProblem(
                file: file.name,
                message: "the document is not UTF-8 text",
                fix: "save it as UTF-8"
            )
            throw PolicyProblems([problem])
        }
        try self.init(yaml: text, file: file.name)
    }
}
