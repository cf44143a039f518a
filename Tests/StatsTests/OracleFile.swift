import Foundation

/// Reference inputs and outputs, computed by published packages or by two independent routes.
struct OracleFile: Decodable {
    struct Tolerance: Decodable {
        var rel: Double
        var abs: Double
    }
    struct Case: Decodable {
        var input: JSONValue
        var output: JSONValue
        enum CodingKeys: String, CodingKey {
            case input = "in"
            case output = "out"
        }
    }
    struct VectorSet: Decodable {
        var tolerance: Tolerance
        var cases: [Case]
    }

    var sets: [String: VectorSet]

    /// The file beside the tests, or the one that HEADGATE_STATS_VECTORS names.
    static let path =
        ProcessInfo.processInfo.environment["HEADGATE_STATS_VECTORS"]
        ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/stats.json").path

    static let loaded = Result { () throws -> OracleFile in
        try JSONDecoder().decode(OracleFile.self, from: Data(contentsOf: URL(filePath: path)))
    }
}
