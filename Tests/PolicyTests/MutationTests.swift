import Foundation
import Policy
import TestSupport
import Testing

/// Documents that a hasty or broken editor could leave behind.
@Suite struct MutationTests {
    private let sources: [String]

    init() throws {
        let shipped = try FileManager.default.contentsOfDirectory(atPath: shippedPolicies)
        let texts = try shipped.sorted().map { name in
            try String(contentsOfFile: "\(shippedPolicies)/\(name)", encoding: .utf8)
        }
        let goldens = try ["complete.txt", "efforts.txt", "shadow.txt"].map { name in
            try String(contentsOf: golden.appending(path: name), encoding: .utf8)
        }
        sources = texts + goldens.flatMap { $0.split(separator: "----------\n").prefix(1).map(String.init) }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `any mutation gives a valid policy or at least one problem`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<250 {
            guard var text = sources.randomElement(using: &generator).map({ Array($0.utf8) }) else {
                continue
            }
            for _ in 0...Int.random(in: 0...3, using: &generator) { mutate(&text, &generator) }
            let file = PolicyFile(name: "m.yaml", bytes: text)
            do {
                let set = try PolicySet(files: [file], folder: "f")
                let policy = try #require(set.policies.first)
                let again = try SplitPolicy(policy.source)
                #expect(again.source == policy.source, "seed \(seed), round \(round)")
                #expect(policy.arms.reduce(0) { $0 + $1.share.basisPoints } == 10_000)
                #expect(policy.arms.filter(\.isControl).count == 1)
            } catch let error as PolicyProblems {
                #expect(!error.problems.isEmpty)
                #expect(
                    error.problems.allSatisfy { !$0.fix.isEmpty && !$0.description.contains("\n") },
                    "\(error)"
                )
            }
        }
    }

    private func mutate(_ text: inout [UInt8], _ generator: inout SeededGenerator) {
        guard let at = text.indices.randomElement(using: &generator) else { return }
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: text.remove(at: at)
        case 1: text.insert("{}[]:,-%&*!|>'\"#\t\n 0x".utf8.randomElement(using: &generator) ?? 0, at: at)
        case 2: text[at] = UInt8.random(in: 0...255, using: &generator)
        case 3: text.removeSubrange(at..<min(text.count, at + 20))
        case 4: text = Array(text.prefix(at))
        case 5: text.swapAt(at, text.indices.randomElement(using: &generator) ?? at)
        case 6: text += [UInt8(ascii: "\n")] + (lines.randomElement(using: &generator) ?? [])
        default:
            let words = [
                "null", "0%", "~", "share: 1%", "- ", "1e9", "\u{1F600}", "---\n", "k: 99", "mode: low",
                "prune: {}, ", "adaptive: {}, ", "search: {mcts: {}}, ", "stages: [2, 64], ",
                "token_budget: 9, ",
            ]
            text.insert(contentsOf: Array((words.randomElement(using: &generator) ?? "").utf8), at: at)
        }
    }
}
