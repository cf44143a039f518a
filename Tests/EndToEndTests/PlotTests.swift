import Foundation
import Testing

@testable import CLI

struct PlotTests {
    private static let results = """
        {"problems": 100, "modes": [
          {"mode": "low", "k": 2, "accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6,
           "candidate_tokens": 10000, "candidate_tokens_per_problem": 100, "seconds": 1},
          {"mode": "a<b", "k": 8, "accuracy": 1, "accuracy_low": 0.9, "accuracy_high": 1,
           "candidate_tokens": 20000, "candidate_tokens_per_problem": 200, "seconds": 1}]}
        """

    private func plot(_ text: String) async throws -> (status: Int32, output: String, errors: String) {
        let file = FileManager.default.temporaryDirectory.appending(path: "results-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let run = try await BuiltProgram.run(["plot", file.path(percentEncoded: false)])
        return (run.status, run.output, run.errors)
    }

    @Test func `more tokens lie to the right and more accuracy lies higher`() async throws {
        let run = try await plot(Self.results)
        #expect(run.status == 0, "\(run.errors)")
        let points = run.output.matches(of: /circle cx="([0-9.]+)" cy="([0-9.]+)"/).map { match in
            (x: Double(match.1) ?? .nan, y: Double(match.2) ?? .nan)
        }
        try #require(points.count == 2)
        #expect(points[0].x < points[1].x)
        #expect(points[0].y > points[1].y)
        #expect(points[1].y == 16, "all right is the upper edge")
        #expect(run.output.contains("a&lt;b"))
        _ = try XMLDocumentCheck(run.output)
    }

    @Test func `no label lies on another`() throws {
        let rows = try (0..<12).map { number in
            let json = """
                {"mode": "best_score@32+budget=\(number)", "k": 32, "accuracy": 0.\(80 + number / 4), "accuracy_low": 0.7,
                 "accuracy_high": 0.9, "candidate_tokens": 1, "candidate_tokens_per_problem": \(900 + 20 * number),
                 "candidate_tokens_per_problem_low": 1, "candidate_tokens_per_problem_high": 1, "seconds": 1}
                """
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Eval.Row.self, from: Data(json.utf8))
        }
        let labels = EvalPlot(rows: rows).labels
        #expect(labels.count == 12)
        for (index, label) in labels.enumerated() {
            #expect(!labels.dropFirst(index + 1).contains { $0.overlaps(label) }, "\(label)")
        }
    }

    @Test(arguments: ["", "{}", "[1]", #"{"problems": 1, "modes": []}"#])
    func `what is no result is refused`(text: String) async throws {
        let run = try await plot(text)
        #expect(run.status == 64)
        #expect(run.errors.contains("headgate eval --json"))
    }

    /// Every tag that opens closes, which is all that a picture without text markup needs.
    private struct XMLDocumentCheck {
        struct Unbalanced: Error {}

        init(_ text: String) throws {
            let opened = text.matches(of: /<[a-z]+[^>]*[^\/]>/).count
            let closed = text.matches(of: /<\/[a-z]+>/).count
            guard opened == closed else { throw Unbalanced() }
        }
    }
}
