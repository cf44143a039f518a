import Foundation
import Store
import Testing

@testable import Gateway

struct KeyFileTests {
    private let folder: TemporaryFolder
    private let file: KeyFile
    private static let name = "admin-keys.json"

    init() throws {
        folder = try TemporaryFolder()
        file = KeyFile(stateFolder: folder.path)
    }

    @Test func `a key is 256 random bits in letters that need no quoting`() throws {
        let secrets = Set(try (0..<20).map { try file.add("key-\($0)", .viewer) })
        #expect(secrets.count == 20)
        for secret in secrets { #expect(secret.wholeMatch(of: /hg_[A-Za-z0-9_-]{43}/) != nil, "\(secret)") }
    }

    @Test func `only the hash of a key is on disk, and only its owner reads it`() throws {
        let secret = try file.add("ann", .operator)
        let text = try folder.text(of: Self.name)
        #expect(!text.contains(secret.dropFirst(3)))
        let digest = AccessKey.digest(of: secret).map { String(format: "%02x", $0) }.joined()
        #expect(
            text == #"{"keys":[{"name":"ann","role":"operator","created":1000,"sha256":"\#(digest)"}]}"#
                + "\n"
        )
        #expect(try folder.mode(of: Self.name) == 0o600)
    }

    @Test func `the digest is SHA-256`() {
        let digest = AccessKey.digest(of: "abc").map { String(format: "%02x", $0) }.joined()
        #expect(digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `each key is known by its own words and no others`() throws {
        let ann = try file.add("ann", .operator)
        let bob = try file.add("bob", .viewer)
        let keys = try file.keys()
        #expect(keys.key(for: ann)?.name == "ann")
        #expect(keys.key(for: ann)?.role == .operator)
        #expect(keys.key(for: bob)?.name == "bob")
        #expect(keys.key(for: bob)?.role == .viewer)
        #expect(keys.key(for: ann + "x") == nil)
        #expect(keys.key(for: "") == nil)
    }

    @Test func `a change replaces the file, so that a reader never sees half of one`() throws {
        _ = try file.add("ann", .viewer)
        let before = try folder.text(of: Self.name)
        let reader = try #require(FileHandle(forReadingAtPath: file.path))
        _ = try file.add("bob", .viewer)
        #expect(try reader.readToEnd() == Data(before.utf8))
        #expect(try file.keys().all.map(\.name) == ["ann", "bob"])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == [Self.name, Self.name + "-lock"])
    }

    @Test func `keys that are added at once are all kept`() async throws {
        let file = file
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { @concurrent in _ = try file.add("key-\(number)", .viewer) }
            }
            try await group.waitForAll()
        }
        #expect(try file.keys().all.count == 20)
    }

    @Test func `without a file there are no keys`() throws {
        #expect(try file.keys().all.isEmpty)
    }

    @Test func `a removed key is gone and an unknown one can't be removed`() throws {
        let secret = try file.add("ann", .viewer)
        try file.remove("ann")
        #expect(try file.keys().key(for: secret) == nil)
        #expect(throws: GatewayError.noSuchKey("ann")) { try file.remove("ann") }
    }

    @Test func `keys of the admin plane are taken up to their limit and refused past it`() throws {
        _ = try file.add("app", .client)
        for number in 0..<AccessKeys.adminLimit {
            _ = try file.add("key-\(number)", number.isMultiple(of: 2) ? .viewer : .operator)
        }
        for role in [KeyRole.viewer, .operator] {
            #expect(throws: GatewayError.tooManyKeys(limit: AccessKeys.adminLimit)) {
                try file.add("one-more", role)
            }
        }
        _ = try file.add("another-app", .client)
        #expect(try file.keys().all.count == AccessKeys.adminLimit + 2)
    }

    @Test func `clients are taken up to their limit, and a file full of the longest can be read`() throws {
        var keys = AccessKeys()
        let tags = (0..<AccessKey.mostTags).map { "\($0)" + String(repeating: "t", count: 31) }
        func key(_ number: Int, _ role: KeyRole) throws -> AccessKey {
            let name = "\(number)-" + String(repeating: "n", count: 60)
            return try AccessKey(
                name: String(name.prefix(AccessKey.longestName)),
                role: role,
                tags: role == .client ? tags : [],
                created: Timestamp(millisecondsSinceEpoch: Int64(UInt32.max) * 1_000),
                digest: AccessKey.digest(of: name)
            )
        }
        for number in 0..<AccessKeys.clientLimit { try keys.add(try key(number, .client)) }
        #expect(throws: GatewayError.tooManyKeys(limit: AccessKeys.clientLimit)) {
            try keys.add(try key(AccessKeys.clientLimit, .client))
        }
        for number in 0..<AccessKeys.adminLimit { try keys.add(try key(10_000 + number, .operator)) }
        try folder.write(String(decoding: keys.json, as: UTF8.self), to: Self.name)
        #expect(try file.keys() == keys)
    }

    @Test func `tags are kept sorted and once, up to their limits and not past them`() throws {
        let secret = try file.add("app", .client, tags: ["gold", "eu", "gold"])
        #expect(try file.keys().key(for: secret)?.tags == ["eu", "gold"])
        #expect(
            try folder.text(of: Self.name).contains(#""role":"client","tags":["eu","gold"],"created":1000"#)
        )
        let longest = String(repeating: "t", count: AccessKey.longestTag)
        let most = (1..<AccessKey.mostTags).map { "t\($0)" } + [longest]
        _ = try file.add("full", .client, tags: most)
        #expect(throws: GatewayError.tooManyTags(limit: AccessKey.mostTags)) {
            try file.add("past", .client, tags: most + ["one-more"])
        }
        for tag in ["", longest + "t", "a b", "a,b", "ä"] {
            #expect(throws: GatewayError.tagRefused(tag)) { try file.add("past", .client, tags: [tag]) }
        }
        for role in [KeyRole.viewer, .operator] {
            #expect(throws: GatewayError.tagsNeedClient) { try file.add("past", role, tags: ["gold"]) }
        }
    }

    @Test func `names are taken up to their limit and refused past it`() throws {
        let longest = String(repeating: "n", count: AccessKey.longestName)
        _ = try file.add(longest, .viewer)
        for name in ["", longest + "n", "a b", "a/b", "ä", "file", "rollout", "keys"] {
            #expect(throws: GatewayError.keyNameRefused(name)) { try file.add(name, .viewer) }
        }
        #expect(throws: GatewayError.keyNameTaken(longest)) { try file.add(longest, .viewer) }
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("{\"keys\":[", "not valid JSON"), ("[]", "must be an object"),
        ("{}", "keys is missing"), (#"{"keys":{}}"#, "keys must be an array"),
        (#"{"keys":[],"extra":1}"#, "extra is not"), (#"{"keys":[{}]}"#, "keys[0].role is missing"),
        (#"{"keys":[NAME,"role":"admin","created":1,"sha256":"HASH"}]}"#, "keys[0].role must be"),
        (#"{"keys":[NAME,"role":"viewer","created":-1,"sha256":"HASH"}]}"#, "keys[0].created must be"),
        (#"{"keys":[NAME,"role":"viewer","created":1,"sha256":"HASH0"}]}"#, "keys[0].sha256 must be"),
        (#"{"keys":[NAME,"role":"viewer","created":1,"sha256":"HASH00"}]}"#, "keys[0].sha256 must be"),
        (#"{"keys":[NAME,"role":"viewer","created":1,"sha256":"","x":1}]}"#, "keys[0].x is not"),
        (#"{"keys":[NAME,"role":"viewer","tags":["x"],"created":1,"sha256":"HASH"}]}"#, "use role client"),
        (#"{"keys":[NAME,"role":"client","tags":"x","created":1,"sha256":"HASH"}]}"#, "must be an array"),
        (
            #"{"keys":[NAME,"role":"viewer","created":1,"sha256":"HASH"},{"name":"bob","role":"viewer","created":1,"sha256":"HASH"}]}"#,
            "keys[1].sha256 is another key's too"
        ),
        (
            #"{"keys":[NAME,"role":"viewer","created":1,"sha256":"HASH"},NAME,"role":"viewer","created":1,"sha256":"HASA"}]}"#,
            "there is a key ann already"
        ),
        (#"{"keys":[{"name":"rollout","role":"viewer","created":1,"sha256":"HASH"}]}"#, "'rollout' can't"),
    ])
    func `a damaged file is an error that says where, and is not written over`(
        text: String,
        reason: String
    ) throws {
        let text = text.replacing("NAME", with: #"{"name":"ann""#)
            .replacing("HASH", with: String(repeating: "0f", count: 32))
            .replacing("HASA", with: String(repeating: "0a", count: 32))
        try folder.write(text, to: Self.name)
        let error = #expect(throws: GatewayError.self) { try file.keys() }
        let message = error.map { "\($0)" } ?? ""
        #expect(message.contains(file.path) && message.contains(reason), "\(message)")
        #expect(throws: GatewayError.self) { try file.add("bob", .viewer) }
        #expect(throws: GatewayError.self) { try file.remove("ann") }
        #expect(try folder.text(of: Self.name) == text)
    }

    @Test(arguments: [0o620, 0o602])
    func `a file that others may write to is refused`(mode: Int) throws {
        let secret = try file.add("ann", .viewer)
        #expect(try file.keys().key(for: secret) != nil)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        let error = #expect(throws: GatewayError.self) { try file.keys() }
        #expect(error.map { "\($0)" }?.contains("chmod 600") == true)
    }

    @Test func `a file beyond any size that is written here is refused`() throws {
        try folder.write(
            #"{"keys":[]}"# + String(repeating: " ", count: StateFolder.longestText),
            to: Self.name
        )
        let error = #expect(throws: GatewayError.self) { try file.keys() }
        #expect(error.map { "\($0)" }?.contains("longer than") == true)
    }
}
