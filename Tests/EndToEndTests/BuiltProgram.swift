import Foundation
import Subprocess
import SystemPackage

@testable import CLI

/// The program as it was built beside these tests, run as a user runs it.
enum BuiltProgram {
    /// What one run printed and how it ended.
    struct Run {
        let output: String
        let errors: String
        let status: Int32
    }

    static let path: String = {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        return folder.appending(path: "headgate").path(percentEncoded: false)
    }()

    /// More output than any command prints.
    static let maximumOutput = 8 << 20

    static func run(_ arguments: String...) async throws -> Run {
        try await run(arguments)
    }

    /// - Parameter environment: what is different from the tests' own.
    static func run(
        _ arguments: [String],
        environment: [Environment.Key: String?] = [:]
    ) async throws -> Run {
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: .init(arguments),
            environment: .inherit.updating(environment),
            output: .string(limit: maximumOutput),
            error: .string(limit: maximumOutput)
        )
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): -signal
            }
        return Run(output: result.standardOutput, errors: result.standardError, status: status)
    }

    /// Serves with the given policies and backend while the body runs.
    static func serving<Result: Sendable>(
        policies: [String: String] = ["split.yaml": Documents.evenSplit],
        backend: String = "scripted",
        options: [String] = [],
        during body: @Sendable (ServedGateway) async throws -> Result
    ) async throws -> Result {
        let files = try ServedGateway.Files.make(policies: policies)
        defer { files.remove() }
        return try await ServedGateway.serving(
            files,
            executable: path,
            arguments: ["--backend", backend, "--log-level", "error"] + options,
            during: body
        )
    }
}

/// Policy documents that the tests serve.
enum Documents {
    static let evenSplit = split(low: 50)

    /// One arm, so there is nothing to decide.
    static func everything(_ mode: String) -> String {
        """
        policy: split
        description: One arm for the end-to-end tests
        priority: 1
        match: {models: [default]}
        subject: {from: [header:x-subject-id], otherwise: request}
        salt: end-to-end
        arms:
          \(mode): {share: 100%, mode: \(mode)}
        metrics:
          success: {kind: binary, better: higher, window: 1h}
        """
    }

    /// Nothing for the arm until its rollout is started, and every stage by hand.
    static let rollout = """
        policy: split
        description: A rollout for the end-to-end tests
        priority: 1
        match: {models: [default]}
        subject: {from: [header:x-subject-id], otherwise: request}
        salt: end-to-end
        arms:
          low: {share: 100%, mode: low, control: true}
          medium: {share: 0%, mode: medium}
        metrics:
          success: {kind: binary, better: higher, window: 1h}
        rollout: {arm: medium, stages: [50%, 100%]}
        """

    static func split(low percent: Int) -> String {
        """
        policy: split
        description: Two arms for the end-to-end tests
        priority: 1
        match: {models: [default]}
        subject: {from: [header:x-subject-id], otherwise: request}
        salt: end-to-end
        arms:
          low: {share: \(percent)%, mode: low, control: true}
          medium: {share: \(100 - percent)%, mode: medium}
        metrics:
          success: {kind: binary, better: higher, window: 1h}
        decide:
          primary: {metric: success, margin: 0%}
          alpha: 0.05
          planned_subjects: 400
          minimum: {subjects: 100, successes: 10, failures: 10}
        """
    }
}
