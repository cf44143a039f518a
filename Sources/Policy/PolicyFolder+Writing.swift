#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension PolicyFolder {
    /// Mode of a document that is new; one that is replaced keeps its own. Documents hold no secrets.
    private static let newMode: UInt32 = 0o644

    /// Whether documents can be added: a path of one document has no room for another.
    var takesMore: Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Replaces, adds or removes one document, if it still is as it was.
    ///
    /// What a link leads to is replaced, and the link stays.
    ///
    /// - Parameters:
    ///   - old: nil where there must be no document yet.
    ///   - new: nil to remove it.
    static func change(
        _ document: String,
        from old: [UInt8]?,
        to new: [UInt8]?
    ) throws(WholeFile.Failure) {
        let isStale = { present(document) != old }
        guard let new else { return try WholeFile.remove(document, unless: isStale) }
        var status = stat()
        let mode = stat(document, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : newMode
        try WholeFile.write(new, to: resolved(document), mode: mode, unless: isStale)
    }

    /// The document's bytes; nil where there is none, or none that can be read.
    private static func present(_ document: String) -> [UInt8]? {
        try? contents(of: document)
    }

    private static func resolved(_ document: String) -> String {
        guard let target = realpath(document, nil) else { return document }
        defer { free(target) }
        return String(cString: target)
    }
}
