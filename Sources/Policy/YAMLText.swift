internal import Yams

/// The text of one document on its way to a tree of nodes.
///
/// What the parser would take without complaint and nobody writes by hand is refused before it or after it:
/// endless nesting, anchors and aliases (a few lines of which can unfold to billions of nodes).
struct YAMLText {
    private let text: String
    private let file: String

    init(_ text: String, file: String) {
        // Editors on Windows put a byte order mark first, which the parser takes for content.
        self.text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        self.file = file
    }

    func root() throws(PolicyProblems) -> Node {
        guard text.utf8.count <= DocumentLimit.fileBytes else {
            let message = "the document has \(text.utf8.count) bytes; the limit is \(DocumentLimit.fileBytes)"
            throw refusal(nil, message, fix: "keep one policy per file and leave out what is not policy")
        }
        if let line = suspectLine() {
            throw refusal(
                line,
                "lists and mappings are nested too deeply, or aliases are used",
                fix: "nest at most \(DocumentLimit.nesting) levels and write values out"
            )
        }
        guard let root = try composed() else {
            throw refusal(nil, "the document is empty", fix: "write a policy, or remove the file")
        }
        return root
    }

    private func composed() throws(PolicyProblems) -> Node? {
        do {
            let parser = try Yams.Parser(yaml: text, encoding: .utf8)
            let root = try parser.singleRoot()
            // Nodes hold their anchors weakly: they are gone once the parser is.
            let anchored = withExtendedLifetime(parser) { root.flatMap { YAMLText.anchored($0) } }
            if let anchored {
                throw refusal(anchored.mark?.line, "anchors are not supported", fix: "write the value out")
            }
            return root
        } catch let problems as PolicyProblems {
            throw problems
        } catch let error as YamlError {
            throw PolicyProblems([problem(error)])
        } catch {
            throw refusal(nil, "the text cannot be read: \(error)", fix: "check the YAML syntax")
        }
    }

    /// The first line that nests too deeply for a policy, or the one with an alias too many.
    ///
    /// It looks at characters, not at YAML, and so counts some that stand in quotes. Every level takes a
    /// bracket, or a column of indentation (a space, a dash, a question mark or a colon).
    private func suspectLine() -> Int? {
        var depth = 0
        var aliases = 0
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            var previous = UInt8(ascii: " ")
            for byte in line {
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
                default: break
                }
                let isAlias = previous == UInt8(ascii: "*") && YAMLText.isNameByte(byte)
                aliases += isAlias ? 1 : 0
                previous = byte
            }
            // A carriage return alone also ends a line of YAML.
            let pieces = line.split(separator: UInt8(ascii: "\r"))
            let indentation = pieces.map { YAMLText.indentation($0) }.max() ?? 0
            if depth > DocumentLimit.nesting || indentation > 8 * DocumentLimit.nesting || aliases > 8 {
                return index + 1
            }
        }
        return nil
    }

    private static func indentation(_ line: Substring.UTF8View) -> Int {
        let marks = Set(" -?:".utf8)
        return line.firstIndex { !marks.contains($0) }.map { line.distance(from: line.startIndex, to: $0) }
            ?? line.count
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func anchored(_ node: Node) -> Node? {
        if node.anchor != nil { return node }
        switch node {
        case .scalar, .alias: return nil
        case .sequence(let sequence): return sequence.lazy.compactMap(anchored).first
        case .mapping(let mapping):
            return mapping.lazy.compactMap { anchored($0.key) ?? anchored($0.value) }.first
        }
    }

    private func refusal(_ line: Int?, _ message: String, fix: String) -> PolicyProblems {
        PolicyProblems([PolicyProblem(file: file, line: line, message: message, fix: fix)])
    }

    private func problem(_ error: YamlError) -> PolicyProblem {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let whole = [context?.text, problem].compactMap { $0 }.joined(separator: ": ")
            return syntax(mark.line, whole)
        case .reader(let problem, let offset, _, _):
            let line = offset.map { 1 + text.prefix($0).count(where: \.isNewline) }
            return syntax(line, problem)
        case .duplicatedKeysInMapping(let keys, let context):
            return PolicyProblem(
                file: file,
                path: keys.sorted().joined(separator: ", "),
                line: context.mark.line,
                message: "the key appears twice in one mapping, first here",
                fix: "keep one of them"
            )
        default:
            return syntax(nil, "\(error)")
        }
    }

    private func syntax(_ line: Int?, _ problem: String) -> PolicyProblem {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let hasTab = line.map { lines.indices.contains($0 - 1) && lines[$0 - 1].contains("\t") } ?? false
        let fix =
            if problem.contains("another document") {
                "put each policy in a file of its own"
            } else if hasTab {
                "indent with spaces: YAML allows no tabs there"
            } else {
                "correct the syntax here or on the line above; quote text that has special characters"
            }
        return PolicyProblem(
            file: file,
            line: line,
            message: "no valid YAML: \(problem)",
            fix: fix
        )
    }
}
