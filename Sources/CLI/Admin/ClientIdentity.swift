import NIOSSL

/// A certificate by which a command is known to the admin plane, and its private key.
struct ClientIdentity {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey

    init(certificate: String, key path: String) throws(UsageError) {
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw UsageError(
                "'\(certificate)' can't be read as PEM certificates; give the client's own, then its issuers"
            )
        }
        do {
            key = try NIOSSLPrivateKey(file: path, format: .pem)
        } catch {
            throw UsageError("'\(path)' can't be read as a PEM private key; give the one of '\(certificate)'")
        }
    }
}
