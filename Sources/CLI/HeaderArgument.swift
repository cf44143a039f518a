import ArgumentParser
import Foundation

/// A request header as it is typed: `NAME=VALUE`.
struct HeaderArgument: Sendable {
    let name: String
    let value: String

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(Self.isToken) else {
            throw ValidationError("write it like x-tenant=acme")
        }
        name = parts[0].lowercased()
        value = parts[1].trimmingCharacters(in: .whitespaces)
    }

    /// The headers by name; one that is given several times has all its values, as in a request.
    static func byName(_ headers: [HeaderArgument]) -> [String: String] {
        Dictionary(headers.map { ($0.name, $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
    }

    /// RFC 9110's characters of a field name.
    private static func isToken(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
    }
}
