/// The entries of a zip file whose contents are stored without compression, as PyTorch writes them.
///
/// Everything is bounds-checked: a file from elsewhere is not to be trusted.
struct ZipArchive {
    struct Problem: Error {
        var description: String
    }

    private let bytes: [UInt8]
    private var entries: [String: Range<Int>] = [:]

    /// Entries that a state dict of a head may have; PyTorch writes about ten.
    private static let entryLimit = 1000

    init(bytes: [UInt8]) throws(Problem) {
        self.bytes = bytes
        let directory = try Self.findDirectory(in: bytes)
        var offset = directory.offset
        for _ in 0..<directory.count {
            guard try number(at: offset, bytes: 4) == 0x0201_4b50 else {
                throw Problem(description: "its zip directory is damaged")
            }
            let method = try number(at: offset + 10, bytes: 2)
            let storedSize = try number(at: offset + 20, bytes: 4)
            let nameLength = try number(at: offset + 28, bytes: 2)
            let extraLength = try number(at: offset + 30, bytes: 2)
            let commentLength = try number(at: offset + 32, bytes: 2)
            let header = try number(at: offset + 42, bytes: 4)
            let name = String(decoding: try slice(offset + 46, nameLength), as: UTF8.self)
            guard method == 0 else { throw Problem(description: "its entry \(name) is compressed") }
            guard try number(at: header, bytes: 4) == 0x0403_4b50 else {
                throw Problem(description: "its entry \(name) is damaged")
            }
            let start =
                header + 30 + (try number(at: header + 26, bytes: 2))
                + (try number(at: header + 28, bytes: 2))
            _ = try slice(start, storedSize)
            entries[name] = start..<start + storedSize
            offset += 46 + nameLength + extraLength + commentLength
        }
    }

    /// The one entry with this path below the archive's top folder, whose name PyTorch takes from the file's.
    func entry(_ path: String) -> ArraySlice<UInt8>? {
        let matches = entries.filter { name, _ in
            name == path || name.split(separator: "/", maxSplits: 1).last.map(String.init) == path
        }
        guard matches.count == 1, let range = matches.first?.value else { return nil }
        return bytes[range]
    }

    private static func findDirectory(in bytes: [UInt8]) throws(Problem) -> (offset: Int, count: Int) {
        let signature: [UInt8] = [0x50, 0x4b, 0x05, 0x06]
        guard bytes.count >= 22 else { throw Problem(description: "it is too short to be one") }
        // The directory's end record is followed by a comment of at most 65,535 bytes.
        var position = bytes.count - 22
        let lowest = max(0, position - 65_535)
        while !bytes[position..<position + 4].elementsEqual(signature) {
            guard position > lowest else {
                throw Problem(description: "it is no zip file, or its end is missing")
            }
            position -= 1
        }
        func number(_ offset: Int, _ count: Int) -> Int {
            bytes[position + offset..<position + offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let count = number(10, 2)
        let offset = number(16, 4)
        guard count <= entryLimit, offset < bytes.count else {
            throw Problem(description: "it has \(count) entries; a head's state dict has a dozen")
        }
        return (offset, count)
    }

    private func slice(_ start: Int, _ count: Int) throws(Problem) -> ArraySlice<UInt8> {
        guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
            throw Problem(description: "it ends early")
        }
        return bytes[start..<start + count]
    }

    private func number(at offset: Int, bytes count: Int) throws(Problem) -> Int {
        try slice(offset, count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
