internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

/// The certificate that a gateway on a loopback address makes for itself.
///
/// It is its own root and no authority, so a leaked key can impersonate this machine to itself and nothing else.
/// It is kept, so that a client that was told to trust it still does after a restart.
enum SelfSignedCertificate {
    struct Files: Sendable, Hashable {
        var certificate: String
        var key: String
    }

    private static let day: Double = 86_400
    private static let lifetime = 365 * day
    /// A certificate this close to its end is replaced at the next start.
    private static let renewal = 30 * day
    /// Clocks of client and server may differ a little.
    private static let backdate = 3_600.0

    /// The files in the folder, made anew unless they are there and good for a while.
    static func files(in folder: String, now: Date) throws(GatewayError) -> Files {
        let files = Files(certificate: "\(folder)/headgate-cert.pem", key: "\(folder)/headgate-key.pem")
        if isUsable(files, now: now) { return files }
        let pem: (certificate: String, key: String)
        do {
            pem = try make(now: now)
        } catch {
            throw .certificateUnusable(path: files.certificate, reason: "it can't be made: \(error)")
        }
        try StateFolder.make(folder)
        try StateFolder.write(pem.key, to: files.key, mode: 0o600)
        try StateFolder.write(pem.certificate, to: files.certificate, mode: 0o644)
        return files
    }

    private static func isUsable(_ files: Files, now: Date) -> Bool {
        guard let certificateText = StateFolder.text(of: files.certificate),
            let keyText = StateFolder.text(of: files.key),
            let certificate = try? Certificate(pemEncoded: certificateText),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: keyText)
        else { return false }
        return certificate.publicKey == Certificate.PublicKey(key.publicKey)
            && certificate.notValidAfter > now + renewal && certificate.notValidBefore <= now
    }

    private static func make(now: Date) throws -> (certificate: String, key: String) {
        let key = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(key.publicKey)
        let name = try DistinguishedName { CommonName("headgate on localhost") }
        let identifier = SubjectKeyIdentifier(hash: publicKey)
        // No key usage: verifiers take a certificate for its own issuer only if it may sign certificates or doesn't say.
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            try ExtendedKeyUsage([.serverAuth])
            SubjectAlternativeNames([
                .dnsName("localhost"),
                .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                .ipAddress(ASN1OctetString(contentBytes: [UInt8](repeating: 0, count: 15) + [1])),
            ])
            identifier
            AuthorityKeyIdentifier(keyIdentifier: identifier.keyIdentifier)
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: publicKey,
            notValidBefore: now - backdate,
            notValidAfter: now - backdate + lifetime,
            issuer: name,
            subject: name,
            extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        return (try certificate.serializeAsPEM().pemString, key.pemRepresentation)
    }
}
