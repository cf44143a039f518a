import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage
import Testing

@testable import CLI

/// What a fuzzer that reads the OpenAPI documents makes of the built program: it sends each operation what its
/// document allows and what it forbids, and compares every answer with what the document promises.
@Suite(.timeLimit(.minutes(10))) struct FuzzTests {
    /// Requests made up for each operation, beside those at the bounds of its parameters; `make test` has time for
    /// these. Both are the same at every run, so that a failure is there again the next time.
    private static let examples = 25
    private static let seed = 1

    private static let policy =
        Documents.rollout + "\nlimits: {deadline: 30s, max_tokens: 512, on_overload: degrade, tier: priority}"

    @Test func `the data plane does what its document says`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Self.policy]) { gateway in
            try await fuzz(gateway.url, of: gateway, config: "fuzz-data-plane.toml", key: nil)
        }
    }

    @Test func `the admin plane does what its document says`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Self.policy]) { gateway in
            let added = try await BuiltProgram.run(
                ["keys", "add", "fuzzer", "--role", "operator", "--state", gateway.files.folder]
            )
            let key = added.output.trimmingCharacters(in: .newlines)
            let url = try #require(gateway.adminURL)
            try await fuzz(url, of: gateway, config: "fuzz-admin-plane.toml", key: key)
        }
    }

    @Test func `both documents bear the program's version`() async throws {
        try await BuiltProgram.serving { gateway in
            let added = try await BuiltProgram.run(
                ["keys", "add", "reader", "--role", "viewer", "--state", gateway.files.folder]
            )
            let key = added.output.trimmingCharacters(in: .newlines)
            for (url, key) in [(gateway.url, nil), (try #require(gateway.adminURL), key)] {
                let document = try await document(at: url, of: gateway, key: key)
                #expect(try Described(document).info.version == Version.current, "\(url)")
            }
        }
    }

    /// The parts of a document that these tests read.
    private struct Described: Decodable {
        struct Info: Decodable { let version: String }
        struct Path: Decodable {
            let get, put, post, delete: Operation?
            var count: Int { [get, put, post, delete].count { $0 != nil } }
        }
        struct Operation: Decodable {}
        let info: Info
        let paths: [String: Path]

        init(_ json: Data) throws {
            self = try JSONDecoder().decode(Described.self, from: json)
        }
    }

    private func fuzz(
        _ url: String,
        of gateway: ServedGateway,
        config: String,
        key: String?
    ) async throws {
        let document = try await document(at: url, of: gateway, key: key)
        let file = gateway.files.folder + "/openapi.json"
        try document.write(to: URL(filePath: file))
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        let arguments = [
            "--config-file", fixtures.appending(path: config).path(percentEncoded: false),
            "run", file, "--url", url, "--tls-verify", gateway.files.certificate, "--checks", "all",
            "--max-examples", "\(Self.examples)", "--seed", "\(Self.seed)", "--generation-database", "none",
            "--continue-on-failure", "--no-color",
        ]
        let credentials = key.map { ["--header", "Authorization: Bearer \($0)"] } ?? []
        let run = try await schemathesis(arguments + credentials)
        #expect(run.status == 0, "\(run.said)")
        let operations = try Described(document).paths.values.map(\.count).reduce(0, +)
        #expect(run.said.contains("Selected: \(operations)/\(operations)\n"), "\(run.said)")
        #expect(run.said.contains("Tested: \(operations)\n"), "\(run.said)")
    }

    private func document(at url: String, of gateway: ServedGateway, key: String?) async throws -> Data {
        let client = try GatewayClient.make(
            url: url,
            certificate: gateway.files.certificate,
            timeout: .seconds(60)
        )
        var request = HTTPClientRequest(url: url + "/openapi.json")
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        let result: Result<ByteBuffer, any Error>
        do {
            let response = try await client.client.execute(request, timeout: client.timeout)
            result = .success(try await response.body.collect(upTo: BuiltProgram.maximumOutput))
        } catch {
            result = .failure(error)
        }
        try await client.close()
        return Data(try result.get().readableBytesView)
    }

    private func schemathesis(_ arguments: [String]) async throws -> (status: Int32, said: String) {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        let tool = cache + "/headgate/tools/schemathesis"
        try #require(
            FileManager.default.isExecutableFile(atPath: tool),
            "there is no \(tool); type 'make schemathesis', which installs it"
        )
        let result = try await Subprocess.run(
            .path(FilePath(tool)),
            arguments: .init(arguments),
            output: .string(limit: BuiltProgram.maximumOutput),
            error: .string(limit: BuiltProgram.maximumOutput)
        )
        guard case .exited(let status) = result.terminationStatus else { return (-1, "killed") }
        return (status, result.standardOutput + result.standardError)
    }
}
