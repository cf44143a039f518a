import Foundation
import Summary

extension TextTable {
    /// Words in columns under a header, for a terminal.
    static func words(_ header: [String], _ rows: [[String]]) -> String {
        var table = TextTable(header, isOfWords: true)
        for row in rows { table.add(row) }
        let lines = table.lines
        return ([Terminal.output.styled(lines[0], .bold)] + lines.dropFirst()).joined(separator: "\n")
    }
}

extension Int {
    /// Seconds since 1970 as people read them, in UTC.
    var utc: String { Date(timeIntervalSince1970: TimeInterval(self)).formatted(.iso8601) }
}
