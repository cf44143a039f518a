import ArgumentParser
import Foundation
import Testing

@testable import CLI

/// What README tells people to type is there to be typed.
@Suite struct ReadmeTests {
    private let readme: Readme
    private let targets: Set<String>

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        readme = Readme(try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8))
        let makefile = try String(contentsOf: root.appending(path: "Makefile"), encoding: .utf8)
        targets = Set(makefile.matches(of: /(?m)^([a-z0-9-]+):/).map { String($0.1) })
    }

    /// By the parser that the built program runs, which refuses what it does not know.
    private static func parse(_ command: String) throws {
        let words = ShellWords(command).words
        try #require(words.first == "headgate", "\(command)")
        _ = try Headgate.parseAsRoot(Array(words.dropFirst()))
    }

    @Test func `every headgate command is one that the program takes`() throws {
        let commands = readme.commands.filter { $0.hasPrefix("headgate ") }
        #expect(commands.count >= 8, "README shows \(commands)")
        for command in commands {
            #expect(throws: Never.self, "README's \(command)") { try Self.parse(command) }
        }
    }

    @Test(arguments: [
        "headgate serve --polices policies", "headgate sumary", "headgate ask", "headgate eval --count many",
        "headgate bench executor --round 2", "headgate ask \"Hello.\" --mode huge",
    ])
    func `a command with a flag, name or value that does not exist would be noticed`(command: String) {
        #expect(throws: (any Error).self) { try Self.parse(command) }
    }

    @Test func `every make target is in the Makefile`() {
        let named = readme.commands.flatMap { $0.matches(of: /^(?:\S+=\S+ )*make ([a-z0-9-]+)/) }
            .map { String($0.1) }
        #expect(named.contains("run") && named.contains("test"), "README names \(named)")
        for target in named { #expect(targets.contains(target), "make \(target) is not in \(targets)") }
    }

    @Test func `the quick start is make run and make test`() throws {
        let block = try #require(readme.blocks.first)
        #expect(readme.section(of: block) == "## Quick start")
        #expect(block.commands == ["make run", "make test"])
        #expect(targets.isSuperset(of: ["run", "test"]))
    }

    @Test func `words are split as a shell splits them`() {
        #expect(
            ShellWords(#"headgate ask "Use 3, 8." --mode 'a b' x\ y"#).words
                == ["headgate", "ask", "Use 3, 8.", "--mode", "a b", "x y"]
        )
    }
}

/// The commands of README: those of its `sh` and `console` blocks, and those quoted in its text.
private struct Readme {
    struct Block {
        let firstLine: Int
        let commands: [String]
    }

    private let lines: [Substring]
    private(set) var blocks: [Block] = []
    /// The code spans of the text; those that are no commands are looked at by no test.
    private(set) var quoted: [String] = []

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var language: Substring?
        var inside: [String] = []
        var start = 0
        var prose = ""
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let language, ["sh", "console"].contains(language) {
                    blocks.append(Block(firstLine: start, commands: Self.commands(inside, language)))
                }
                language = language == nil ? line.dropFirst(3) : nil
                inside = []
                start = index
            } else if language != nil {
                inside.append(String(line))
            } else {
                prose += line + "\n"
            }
        }
        quoted = prose.matches(of: /`([^`]+)`/).map { $0.1.split(separator: "\n").joined(separator: " ") }
    }

    var commands: [String] { blocks.flatMap(\.commands) + quoted }

    /// The heading that the block stands under.
    func section(of block: Block) -> Substring? {
        lines[..<block.firstLine].last { $0.hasPrefix("#") }
    }

    /// What is typed: of a console, the lines after the prompt; of a script, all, without the remarks.
    private static func commands(_ lines: [String], _ language: Substring) -> [String] {
        var commands: [String] = []
        var isContinued = false
        for line in lines {
            let isTyped = language == "sh" || isContinued || line.hasPrefix("$ ")
            guard isTyped else { continue }
            let text = language == "console" && !isContinued ? String(line.dropFirst(2)) : line
            let words = text.prefix(upTo: text.firstRange(of: " #")?.lowerBound ?? text.endIndex)
            let typed = words.trimmingCharacters(in: .whitespaces)
            let part = typed.hasSuffix("\\") ? String(typed.dropLast()) : typed
            if isContinued, let last = commands.popLast() {
                commands.append(last + " " + part)
            } else if !part.isEmpty {
                commands.append(part)
            }
            isContinued = typed.hasSuffix("\\")
        }
        return commands
    }
}

/// A command line cut into words by the shell's rules for quotes and backslashes; nothing is expanded.
private struct ShellWords {
    private(set) var words: [String] = []

    init(_ line: String) {
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
    }
}
