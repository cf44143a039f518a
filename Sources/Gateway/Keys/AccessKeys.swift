internal import Store

/// The keys of one gateway, in the order in which they were added.
public struct AccessKeys: Sendable, Hashable {
    /// Keys of the admin plane: more than anyone keeps track of.
    public static let adminLimit = 100
    /// Keys of the data plane: an application or a tenant each, in a file that is read whole.
    public static let clientLimit = 1_000

    public private(set) var all: [AccessKey] = []
    /// Where the key with a digest stands in `all`. Found by the digest's own bytes: how long that takes tells nothing
    /// of use, for nobody can choose the digest of what they send.
    private var places: [[UInt8]: Int] = [:]
    private var names: Set<String> = []

    init() {}

    mutating func add(_ key: AccessKey) throws(GatewayError) {
        guard !names.contains(key.name) else { throw .keyNameTaken(key.name) }
        let isClient = key.role == .client
        let limit = isClient ? Self.clientLimit : Self.adminLimit
        guard all.count(where: { ($0.role == .client) == isClient }) < limit else {
            throw .tooManyKeys(limit: limit)
        }
        names.insert(key.name)
        if let digest = key.digest { places[digest] = all.count }
        all.append(key)
    }

    mutating func remove(_ name: String) throws(GatewayError) {
        guard let index = all.firstIndex(where: { $0.name == name }) else { throw .noSuchKey(name) }
        all.remove(at: index)
        names.remove(name)
        let placed = all.enumerated().compactMap { place, key in key.digest.map { ($0, place) } }
        places = Dictionary(placed, uniquingKeysWith: { $1 })
    }

    /// The key with these words.
    func key(for secret: String) -> AccessKey? { key(digest: AccessKey.digest(of: secret)) }

    func key(digest: [UInt8]) -> AccessKey? { places[digest].map { all[$0] } }

    /// The key that a client certificate of this name stands for.
    func key(certificate name: String) -> AccessKey? { all.first { $0.name == name && $0.isCertificate } }

    /// The client's key of that name.
    public func client(named name: String) -> AccessKey? {
        all.first { $0.name == name && $0.role == .client }
    }
}

extension AccessKeys {
    /// A file with something wrong in it gives no keys at all: which of them to believe is not for us to guess.
    init(json bytes: [UInt8]) throws(GatewayError) {
        let reader = ParameterReader(limits: GatewayLimits())
        let file = try reader.body(bytes)
        for member in file.members where member.key != "keys" { throw .unknownParameter(member.key) }
        guard let keys = file["keys"] else { throw .missingParameter("keys") }
        for (index, element) in try reader.elements(keys, "keys").enumerated() {
            let path = "keys[\(index)]"
            let key = try AccessKey(try reader.object(element, path), reader, path)
            guard key.digest.flatMap({ self.key(digest: $0) }) == nil else {
                throw .invalidParameter("\(path).sha256", rule: "is another key's too")
            }
            try add(key)
        }
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("keys")
            writer.array { writer in
                for key in all { Self.write(key, &writer) }
            }
        }
        return writer.bytes
    }

    private static func write(_ key: AccessKey, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("name", key.name)
            writer.member("role", key.role.rawValue)
            if !key.tags.isEmpty {
                writer.key("tags")
                writer.array { writer in
                    for tag in key.tags { writer.value(tag) }
                }
            }
            writer.member("created", key.created.seconds)
            if let digest = key.digest {
                writer.member("sha256", Hex.text(digest))
            } else {
                writer.key("certificate")
                writer.value(true)
            }
        }
    }
}

extension AccessKey {
    /// Seconds since 1970, to the year 2106.
    private static let times = 0...Int(UInt32.max)

    fileprivate init(_ object: JSONObject, _ reader: ParameterReader, _ path: String) throws(GatewayError) {
        let members = ["name", "role", "tags", "created", "sha256", "certificate"]
        for member in object.members where !members.contains(member.key) {
            throw .unknownParameter("\(path).\(member.key)")
        }
        func value(_ key: String) throws(GatewayError) -> JSONValue {
            guard let value = object[key] else { throw .missingParameter("\(path).\(key)") }
            return value
        }
        guard let role = KeyRole(rawValue: try reader.text(try value("role"), "\(path).role")) else {
            let roles = KeyRole.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidParameter("\(path).role", rule: "must be one of \(roles)")
        }
        let digest: [UInt8]?
        if let certificate = object["certificate"] {
            guard certificate == .bool(true), object["sha256"] == nil else {
                throw .invalidParameter("\(path).certificate", rule: "must be true, and without a sha256")
            }
            digest = nil
        } else {
            digest = try Self.digest(try reader.text(try value("sha256"), "\(path).sha256"), path)
        }
        let created = try reader.whole(try value("created"), "\(path).created", in: Self.times)
        var tags: [String] = []
        if let listed = object["tags"] {
            for element in try reader.elements(listed, "\(path).tags") {
                tags.append(try reader.text(element, "\(path).tags"))
            }
        }
        try self.init(
            name: try reader.text(try value("name"), "\(path).name"),
            role: role,
            tags: tags,
            created: Timestamp(millisecondsSinceEpoch: Int64(created) * 1_000),
            digest: digest
        )
    }

    private static func digest(_ text: String, _ path: String) throws(GatewayError) -> [UInt8] {
        guard let digest = Hex.bytes(text), digest.count == AccessKey.digest(of: "").count else {
            throw .invalidParameter("\(path).sha256", rule: "must be a SHA-256 in hex digits")
        }
        return digest
    }
}

extension Timestamp {
    var seconds: Int { Int(millisecondsSinceEpoch / 1_000) }
}
