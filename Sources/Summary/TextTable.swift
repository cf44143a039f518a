/// Aligned columns: of figures the first to the left and the others to the right, of words all to the left.
public struct TextTable {
    private let header: [String]
    private let isOfWords: Bool
    private var rows: [[String]] = []

    public init(_ header: [String], isOfWords: Bool = false) {
        self.header = header
        self.isOfWords = isOfWords
    }

    public mutating func add(_ row: [String]) {
        precondition(row.count == header.count, "\(row.count) cells do not fit \(header.count) columns")
        rows.append(row)
    }

    /// One line per row below the header, columns two spaces apart, nothing at line ends.
    public var lines: [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let line = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 || isOfWords ? row[column] + space : space + row[column]
            }
            .joined(separator: "  ")
            return isOfWords ? String(line.reversed().drop { $0 == " " }.reversed()) : line
        }
    }
}

extension String {
    /// Lines of at most `width` characters, broken at spaces, each after the first indented by `hanging`.
    ///
    /// Leading spaces stay; a single word that is wider stays whole.
    public func wrapped(to width: Int, hanging: Int) -> [String] {
        let lead = prefix { $0 == " " }
        var lines: [String] = []
        var line = String(lead)
        var isFresh = true
        for word in dropFirst(lead.count).split(separator: " ", omittingEmptySubsequences: false) {
            if isFresh {
                line += word
            } else if line.count + 1 + word.count <= width {
                line += " " + word
            } else {
                lines.append(line)
                line = String(repeating: " ", count: hanging) + word
            }
            isFresh = false
        }
        return lines + [line]
    }
}
