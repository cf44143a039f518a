internal import Store

/// The admin keys of one gateway, in the order in which they were added.
public struct AdminKeys: Sendable, Hashable {
    /// More than anyone keeps track of; every request is compared with each.
    public static let limit = 100

    public private(set) var all: [AdminKey] = []

    init() {}

    mutating func add(_ key: AdminKey) throws(GatewayError) {
        guard !all.contains(where: { $0.name == key.name }) else { throw .keyNameTaken(key.name) }
        guard all.count < Self.limit else { throw .tooManyKeys(limit: Self.limit) }
        all.append(key)
    }

    mutating func remove(_ name: String) throws(GatewayError) {
        guard let index = all.firstIndex(where: { $0.name == name }) else { throw .noSuchKey(name) }
        all.remove(at: index)
    }

    /// The key with these words. All are compared, so that the time it takes tells nothing of which it is.
    func key(for secret: String) -> AdminKey? {
        let digest = AdminKey.digest(of: secret)
        return all.reduce(nil as AdminKey?) { found, key in key.has(digest: digest) ? key : found }
    }
}

extension AdminKeys {
    /// A file with something wrong in it gives no keys at all: which of them to believe is not for us to guess.
    init(json bytes: [UInt8]) throws(GatewayError) {
        let reader = ParameterReader(limits: GatewayLimits())
        let file = try reader.body(bytes)
        for member in file.members where member.key != "keys" { throw .unknownParameter(member.key) }
        guard let keys = file["keys"] else { throw .missingParameter("keys") }
        for (index, element) in try reader.elements(keys, "keys").enumerated() {
            let path = "keys[\(index)]"
            try add(try AdminKey(try reader.object(element, path), reader, path))
        }
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("keys")
            writer.array { writer in
                for key in all {
                    writer.object { writer in
                        writer.member("name", key.name)
                        writer.member("role", key.role.rawValue)
                        writer.member("created", key.created.seconds)
                        writer.member("sha256", Hex.text(key.digest))
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension AdminKey {
    /// Seconds since 1970, to the year 2106.
    private static let times = 0...Int(UInt32.max)

    fileprivate init(_ object: JSONObject, _ reader: ParameterReader, _ path: String) throws(GatewayError) {
        let members = ["name", "role", "created", "sha256"]
        for member in object.members where !members.contains(member.key) {
            throw .unknownParameter("\(path).\(member.key)")
        }
        func value(_ key: String) throws(GatewayError) -> JSONValue {
            guard let value = object[key] else { throw .missingParameter("\(path).\(key)") }
            return value
        }
        guard let role = AdminRole(rawValue: try reader.text(try value("role"), "\(path).role")) else {
            throw .invalidParameter("\(path).role", rule: "must be viewer or operator")
        }
        guard let digest = Hex.bytes(try reader.text(try value("sha256"), "\(path).sha256")),
            digest.count == AdminKey.digest(of: "").count
        else { throw .invalidParameter("\(path).sha256", rule: "must be a SHA-256 in hex digits") }
        let created = try reader.whole(try value("created"), "\(path).created", in: Self.times)
        try self.init(
            name: try reader.text(try value("name"), "\(path).name"),
            role: role,
            created: Timestamp(millisecondsSinceEpoch: Int64(created) * 1_000),
            digest: digest
        )
    }
}

extension Timestamp {
    var seconds: Int { Int(millisecondsSinceEpoch / 1_000) }
}

/// Bytes as lower-case hex digits.
private enum Hex {
    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Nil if the text is anything else.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 16) }
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ $0 < 16 }) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
