internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

/// An authority that signs certificates for tests, valid for as long as a test says.
public struct TestAuthority: Sendable {
    /// A certificate and its private key, in PEM.
    public struct Issued: Sendable {
        public let certificate: String
        public let key: String
    }

    private static let day: Double = 86_400

    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    /// Its own certificate, in PEM.
    public let certificate: String

    public init(_ commonName: String = "test authority") throws {
        name = try DistinguishedName { CommonName(commonName) }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true))
        }
        let own = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: Date.now - Self.day,
            notValidAfter: Date.now + Self.day,
            issuer: name,
            subject: name,
            extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        certificate = try own.serializeAsPEM().pemString
    }

    /// A client's certificate.
    ///
    /// - Parameters:
    ///   - commonNames: of its subject; usually one.
    ///   - expires: seconds from now, less than none for one that has expired.
    public func issue(_ commonNames: String..., expires: Double = 86_400) throws -> Issued {
        let subjectKey = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(subjectKey.publicKey),
            notValidBefore: Date.now - 2 * Self.day,
            notValidAfter: Date.now + expires,
            issuer: name,
            subject: try DistinguishedName { for name in commonNames { CommonName(name) } },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.clientAuth])
            },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        return Issued(
            certificate: try certificate.serializeAsPEM().pemString,
            key: subjectKey.pemRepresentation
        )
    }
}
