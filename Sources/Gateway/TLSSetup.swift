internal import Crypto
public import FoundationEssentials
public import NIOSSL
internal import SwiftASN1
internal import X509

/// A certificate that is ready to serve with, and what an operator needs to know about it.
///
/// There is no way to a listener without one: this gateway never speaks plain HTTP.
public struct TLSSetup: Sendable {
    /// TLS 1.2 and 1.3 with forward secrecy; the listener adds the protocols that it negotiates.
    public private(set) var configuration: TLSConfiguration
    /// Whether clients may present a certificate.
    public private(set) var knowsClients = false
    /// SHA-256 of the leaf certificate, as `openssl x509 -fingerprint -sha256` prints it.
    public let fingerprint: String
    /// When the leaf stops being valid, for the metric that warns of it.
    public let expires: Date
    /// The file that a client passes to `curl --cacert`, if the certificate was made here.
    public let certificateAuthorityFile: String?

    /// Takes the operator's certificate, or on a loopback address makes one.
    ///
    /// - Parameter stateFolder: where a certificate made here is kept for the next start.
    public init(
        host: String,
        certificate: String?,
        key: String?,
        stateFolder: String,
        now: Date
    ) throws(GatewayError) {
        switch (certificate, key) {
        case (let certificate?, let key?):
            try self.init(certificate: certificate, key: key, isSelfSigned: false, now: now)
        case (nil, nil):
            guard Self.isLoopback(host) else { throw .certificateNeeded(host: host) }
            let files = try SelfSignedCertificate.files(in: stateFolder, now: now)
            try self.init(certificate: files.certificate, key: files.key, isSelfSigned: true, now: now)
        case (nil, _?), (_?, nil): throw .certificateWithoutKey
        }
    }

    /// The same, for a listener that lets clients present a certificate which this authority has signed.
    ///
    /// One by anybody else, or one that has expired, ends the handshake. No certificate at all doesn't: whoever presents
    /// none has to show who it is in another way.
    public func knowingClients(of authority: String) throws(GatewayError) -> TLSSetup {
        var setup = self
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(authority)
            guard !certificates.isEmpty else { throw GatewayError.authorityUnusable(path: authority) }
            setup.configuration.trustRoots = .certificates(certificates)
        } catch {
            throw .authorityUnusable(path: authority)
        }
        setup.configuration.certificateVerification = .optionalVerification
        setup.knowsClients = true
        return setup
    }

    private init(certificate path: String, key keyPath: String, isSelfSigned: Bool, now: Date)
        throws(GatewayError)
    {
        let (chain, leaf) = try Self.chain(path)
        guard leaf.notValidAfter > now else {
            throw .certificateExpired(path: path, on: leaf.notValidAfter.formatted(.iso8601))
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        } catch {
            throw .certificateUnusable(path: keyPath, reason: "it can't be read as a PEM private key")
        }
        configuration = Self.configuration(chain: chain, key: key)
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .certificateUnusable(path: keyPath, reason: "it is not the key of \(path)")
        }
        fingerprint = try Self.fingerprint(chain, path)
        expires = leaf.notValidAfter
        certificateAuthorityFile = isSelfSigned ? path : nil
    }

    private static func chain(
        _ path: String
    ) throws(GatewayError) -> (chain: [NIOSSLCertificate], leaf: Certificate) {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(path)
            guard let first = chain.first else {
                throw GatewayError.certificateUnusable(path: path, reason: "it holds no certificate")
            }
            return (chain, try Certificate(derEncoded: first.toDERBytes()))
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .certificateUnusable(path: path, reason: "it can't be read as PEM certificates")
        }
    }

    private static func configuration(chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.maximumTLSVersion = .tlsv13
        // For TLS 1.2; those of 1.3 are all good and not chosen here. HTTP/2 forbids every other kind (RFC 9113, 9.2.2).
        configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
        return configuration
    }

    private static func fingerprint(_ chain: [NIOSSLCertificate], _ path: String) throws(GatewayError)
        -> String
    {
        do {
            let bytes = try chain.first?.toDERBytes() ?? []
            return SHA256.hash(data: bytes).map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return digits.count == 1 ? "0" + digits : digits
            }.joined(separator: ":")
        } catch {
            throw .certificateUnusable(path: path, reason: "its bytes can't be read back")
        }
    }

    /// Whether only this machine can reach the address. A name other than `localhost` might resolve to anything.
    public static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
