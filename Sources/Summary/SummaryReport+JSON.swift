internal import FoundationEssentials
internal import Store

extension SummaryReport {
    /// The report as JSON, keys in snake case and sorted, so that equal reports are equal texts.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Timestamp {
    /// ISO 8601 in UTC, to the second.
    var iso8601: String {
        Date(timeIntervalSince1970: Double(millisecondsSinceEpoch / 1_000)).formatted(.iso8601)
    }
}
