internal import FoundationEssentials
internal import NIOCore
internal import NIOSSL
internal import SwiftASN1
internal import X509

/// Who a client of the admin plane is by its certificate, of which the handshake has checked who signed it.
struct ClientCertificate: Sendable, Hashable {
    /// The subject's one common name; nil where it has none or several.
    let name: String?
    let expires: Date

    init(_ certificate: Certificate) {
        let names = certificate.subject.joined().filter { $0.type == .RDNAttributeType.commonName }
        name = names.count == 1 ? names.first.flatMap { String($0.value) } : nil
        expires = certificate.notValidAfter
    }

    /// The certificate that the client at the other end presented; nil if it presented none.
    ///
    /// A connection may live longer than its certificate, and a resumed session isn't checked again, so whoever asks
    /// looks at `expires` each time.
    @concurrent static func presented(on channel: any Channel) async throws -> ClientCertificate? {
        let connection = channel.isStream ? channel.parent ?? channel : channel
        guard let certificate = try await connection.nioSSL_peerCertificate().get() else { return nil }
        return ClientCertificate(try Certificate(derEncoded: certificate.toDERBytes()))
    }
}
