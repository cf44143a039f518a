import FoundationEssentials
import NIOSSL
import SwiftASN1
import Testing
import X509

@testable import Gateway

struct TLSSetupTests {
    private let now = Date(timeIntervalSince1970: 1_795_443_499)
    private static let day: Double = 86_400

    private func setup(
        _ host: String = "127.0.0.1",
        _ folder: TemporaryFolder,
        certificate: String? = nil,
        key: String? = nil,
        now: Date? = nil
    ) throws(GatewayError) -> TLSSetup {
        try TLSSetup(
            host: host,
            certificate: certificate,
            key: key,
            stateFolder: folder.path + "/state",
            now: now ?? self.now
        )
    }

    @Test(arguments: ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]"])
    func `a loopback address without a certificate gets one`(host: String) throws {
        let folder = try TemporaryFolder()
        let tls = try setup(host, folder)
        #expect(tls.certificateAuthorityFile == folder.path + "/state/headgate-cert.pem")
        #expect(tls.fingerprint.split(separator: ":").count == 32)
    }

    @Test(arguments: [
        "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "127.1", "",
    ])
    func `any other address without a certificate is refused`(host: String) throws {
        let folder = try TemporaryFolder()
        #expect(throws: GatewayError.certificateNeeded(host: host)) { try setup(host, folder) }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/state"))
    }

    @Test func `the key is for its owner only and the certificate for all`() throws {
        let folder = try TemporaryFolder()
        _ = try setup("localhost", folder)
        #expect(try folder.mode(of: "state/headgate-key.pem") == 0o600)
        #expect(try folder.mode(of: "state/headgate-cert.pem") == 0o644)
        #expect(try folder.mode(of: "state") == 0o700)
    }

    @Test func `the certificate names this machine, lasts a year and is no authority`() throws {
        let folder = try TemporaryFolder()
        let tls = try setup("localhost", folder)
        let certificate = try Certificate(pemEncoded: folder.text(of: "state/headgate-cert.pem"))
        let names = try #require(try certificate.extensions.subjectAlternativeNames)
        #expect(
            names.map(\.description) == [
                #"dNSName("localhost")"#, "iPAddress(127.0.0.1)", "iPAddress(0:0:0:0:0:0:0:1)",
            ] || names.count == 3
        )
        #expect(try certificate.extensions.basicConstraints == .notCertificateAuthority)
        #expect(certificate.notValidBefore < now)
        #expect(abs(certificate.notValidAfter.timeIntervalSince(now) - 365 * Self.day) <= 3_600)
        #expect(certificate.notValidAfter == tls.expires)
        #expect(certificate.publicKey.isValidSignature(certificate.signature, for: certificate))
    }

    @Test func `only TLS 1.2 and 1.3 with forward secrecy are offered`() throws {
        let folder = try TemporaryFolder()
        let configuration = try setup("localhost", folder).configuration
        #expect(configuration.minimumTLSVersion == .tlsv12)
        #expect(configuration.maximumTLSVersion == .tlsv13)
        #expect(configuration.cipherSuites == "ECDHE+AESGCM:ECDHE+CHACHA20")
    }

    @Test func `the next start keeps the certificate`() throws {
        let folder = try TemporaryFolder()
        let first = try setup("localhost", folder)
        let second = try setup("localhost", folder, now: now + 300 * Self.day)
        #expect(first.fingerprint == second.fingerprint)
    }

    @Test func `a certificate near its end is replaced`() throws {
        let folder = try TemporaryFolder()
        let first = try setup("localhost", folder)
        let second = try setup("localhost", folder, now: now + 340 * Self.day)
        #expect(first.fingerprint != second.fingerprint)
    }

    @Test(arguments: ["headgate-key.pem", "headgate-cert.pem"])
    func `a damaged file is replaced with its partner`(file: String) throws {
        let folder = try TemporaryFolder()
        let first = try setup("localhost", folder)
        try folder.write("-----BEGIN", to: "state/\(file)")
        let second = try setup("localhost", folder)
        #expect(first.fingerprint != second.fingerprint)
        #expect(try folder.mode(of: "state/headgate-key.pem") == 0o600)
    }

    @Test func `a certificate that the operator gives serves any address`() throws {
        let folder = try TemporaryFolder()
        let made = try setup("localhost", folder)
        let tls = try setup(
            "0.0.0.0",
            folder,
            certificate: folder.path + "/state/headgate-cert.pem",
            key: folder.path + "/state/headgate-key.pem"
        )
        #expect(tls.fingerprint == made.fingerprint)
        #expect(tls.certificateAuthorityFile == nil)
    }

    @Test func `a certificate without a key, or a key without one, is refused`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: GatewayError.certificateWithoutKey) {
            try setup("localhost", folder, certificate: "c.pem")
        }
        #expect(throws: GatewayError.certificateWithoutKey) { try setup("localhost", folder, key: "k.pem") }
    }

    @Test func `a key of another certificate is refused`() throws {
        let folder = try TemporaryFolder()
        let other = try TemporaryFolder()
        _ = try setup("localhost", folder)
        _ = try setup("localhost", other)
        let key = other.path + "/state/headgate-key.pem"
        let certificate = folder.path + "/state/headgate-cert.pem"
        #expect(
            throws: GatewayError.certificateUnusable(path: key, reason: "it is not the key of \(certificate)")
        ) {
            try setup("localhost", folder, certificate: certificate, key: key)
        }
    }

    @Test func `files that are missing or no PEM are refused by path`() throws {
        let folder = try TemporaryFolder()
        try folder.write("hello", to: "no.pem")
        for path in [folder.path + "/no.pem", folder.path + "/missing.pem"] {
            #expect(throws: GatewayError.self) {
                try setup("localhost", folder, certificate: path, key: path)
            }
        }
    }

    @Test func `an expired certificate is refused`() throws {
        let folder = try TemporaryFolder()
        _ = try setup("localhost", folder)
        #expect(throws: GatewayError.self) {
            try setup(
                "localhost",
                folder,
                certificate: folder.path + "/state/headgate-cert.pem",
                key: folder.path + "/state/headgate-key.pem",
                now: now + 366 * Self.day
            )
        }
    }

    @Test func `a folder that can't be written is refused`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a file", to: "state")
        #expect(throws: GatewayError.self) { try setup("localhost", folder) }
    }
}
