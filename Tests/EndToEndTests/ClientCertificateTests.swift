import Foundation
import TestSupport
import Testing

@testable import CLI

/// Commands that are known to the admin plane by a client certificate.
@Suite(.timeLimit(.minutes(5))) struct ClientCertificateTests {
    @Test func `a certificate stands in place of a key, and its name in the audit`() async throws {
        let folder = try CertificateFolder()
        defer { folder.remove() }
        let bot = try folder.issue("deploy-bot")
        let stranger = try folder.issue("stranger")
        try await BuiltProgram.serving(
            policies: ["split.yaml": Documents.rollout],
            options: ["--admin-client-ca", folder.authority]
        ) { gateway in
            let added = try await BuiltProgram.run(
                "keys",
                "add",
                "deploy-bot",
                "--role",
                "operator",
                "--certificate",
                "--state",
                gateway.files.folder
            )
            #expect(added.status == 0 && added.output.isEmpty, "\(added.errors)")
            let plane = ["--admin", try #require(gateway.adminURL), "--cacert", gateway.files.certificate]
            let started = try await BuiltProgram.run(["rollout", "start", "split"] + plane + bot)
            #expect(started.status == 0, "\(started.errors)")
            let audit = try await BuiltProgram.run(["audit", "--contains", "idle"] + plane + bot)
            #expect(audit.output.contains("deploy-bot"), "\(audit.output)")
            let unlisted = try await BuiltProgram.run(["rollout", "status"] + plane + stranger)
            #expect(unlisted.status == ExitStatus.noPermission, "\(unlisted.errors)")
            #expect(
                unlisted.errors.contains("no key stands for this client certificate"),
                "\(unlisted.errors)"
            )
            let list = try await BuiltProgram.run("keys", "list", "--state", gateway.files.folder)
            #expect(list.output.contains("deploy-bot  operator"), "\(list.output)")
            #expect(list.output.contains("yes"), "\(list.output)")
        }
    }

    @Test(arguments: [
        (["rollout", "status", "--client-cert", "a.pem"], "give both --client-cert and --client-key"),
        (["audit", "--client-key", "a.pem"], "give both --client-cert and --client-key"),
        (["audit", "--client-cert", "a", "--client-key", "b", "--key", "hg_x"], "give one of them"),
        (
            ["audit", "--client-cert", "/no/a", "--client-key", "b"],
            "'/no/a' can't be read as PEM certificates"
        ),
        (["keys", "add", "x", "--role", "client", "--certificate"], "use --role viewer or operator"),
        (["keys", "add", "x", "--role", "client", "--certificate", "--tag", "t"], "--tag is for keys"),
        (["serve", "--admin", "none", "--admin-client-ca", "a.pem"], "leave one out"),
    ])
    func `what can't be meant is refused with what to do`(arguments: [String], words: String) async throws {
        let folder = try CertificateFolder()
        defer { folder.remove() }
        let state = arguments.first == "keys" ? ["--state", folder.path] : []
        let run = try await BuiltProgram.run(arguments + state)
        #expect(run.status != 0 && run.output.isEmpty)
        #expect(run.errors.contains(words), "\(run.errors)")
    }
}

/// A folder with an authority's certificate and those that it issued.
private struct CertificateFolder {
    let path: String
    let authority: String
    private let signer: TestAuthority

    init() throws {
        path = NSTemporaryDirectory() + "headgate-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        signer = try TestAuthority()
        authority = path + "/authority.pem"
        try Data(signer.certificate.utf8).write(to: URL(filePath: authority))
    }

    /// The options by which a command shows a certificate of that name.
    func issue(_ name: String) throws -> [String] {
        let issued = try signer.issue(name)
        let files = [path + "/\(name)-cert.pem", path + "/\(name)-key.pem"]
        try Data(issued.certificate.utf8).write(to: URL(filePath: files[0]))
        try Data(issued.key.utf8).write(to: URL(filePath: files[1]))
        return ["--client-cert", files[0], "--client-key", files[1]]
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
