import Answers
import ArgumentParser
import Foundation
import NIOCore

/// `headgate traffic`: many subjects ask puzzles over HTTPS, answers are checked, outcomes posted.
struct Traffic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send puzzles from many subjects, check the answers, post the outcomes.",
        discussion: """
            Example:
              headgate traffic --url https://127.0.0.1:8443 --cacert cert.pem --requests 500 --subjects 200
            """
    )

    @Option(help: "Address of the gateway.")
    var url = "https://127.0.0.1:8443"

    @OptionGroup var options: ClientOptions

    @Option(help: "How many questions to ask.")
    var requests = 200

    @Option(help: "How many subjects ask them.")
    var subjects = 100

    @Option(help: "How many questions are in flight at once.")
    var concurrency = 4

    @Option(help: "Model name to ask for.")
    var model = "default"

    @Option(help: "Seed of puzzles and subjects: the same seed sends the same traffic.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Ask these problems instead of generated ones (JSONL).", valueName: "jsonl"))
    var problems: String?

    @Option(help: "Seconds to wait for one answer.")
    var timeout: Int64 = 120

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        for (name, value) in [("requests", requests), ("subjects", subjects), ("concurrency", concurrency)] {
            guard value > 0 else { throw ValidationError("--\(name) must be at least 1, not \(value)") }
        }
    }

    func run() async throws {
        let client = try GatewayClient.make(
            url: url,
            certificate: options.certificate,
            key: options.givenKey,
            timeout: .seconds(timeout)
        )
        let plan = try plannedQuestions()
        let tally: TrafficTally
        do {
            tally = try await send(plan, through: client)
        } catch {
            try? await client.close()
            throw error
        }
        try await client.close()
        print(json ? try tally.json() : tally.table(terminal: .output))
        if tally.failures > 0 { throw ExitCode(ExitStatus.failure) }
    }

    private func plannedQuestions() throws -> [Question] {
        var random = SplitMix64(seed: seed)
        let given = try problems.map { try ProblemFile.read($0) }
        var generator = PuzzleGenerator(random: SplitMix64(seed: seed &+ 1))
        return (0..<requests).map { index in
            let problem = given.map { $0[index % $0.count] } ?? generator.next()
            let subject = "subject-\(Int.random(in: 1...subjects, using: &random))"
            return Question(problem: problem, subject: subject)
        }
    }

    private func send(_ plan: [Question], through client: GatewayClient) async throws -> TrafficTally {
        var tally = TrafficTally()
        var progress = Progress("traffic", total: plan.count)
        var waiting = plan[...]
        try await withThrowingTaskGroup(of: TrafficTally.Entry.self) { group in
            func launch() {
                guard let question = waiting.popFirst() else { return }
                group.addTask { await Self.put(question, to: client, model: model) }
            }
            for _ in 0..<concurrency { launch() }
            while let entry = try await group.next() {
                tally.add(entry)
                progress.show(tally.asked, detail: tally.headline)
                launch()
            }
        }
        return tally
    }

    /// Asks one question and reports its outcome; trouble becomes an entry, so one failure ends nothing.
    private static func put(
        _ question: Question,
        to client: GatewayClient,
        model: String
    ) async -> TrafficTally.Entry {
        do {
            let reply = try await client.ask(question.problem.prompt, model: model, subject: question.subject)
            guard reply.status == 200, let answer = reply.answer, let requestID = reply.requestID else {
                return .failed("HTTP \(reply.status): \(reply.refusal ?? "no message")")
            }
            let isRight = question.problem.accepts(answer)
            let status = try await client.report(success: isRight, of: requestID)
            guard status == 200 else { return .failed("outcome refused with HTTP \(status)") }
            return .answered(arm: reply.arm ?? "hidden", isRight: isRight, elapsed: reply.elapsed)
        } catch {
            return .failed("\(error)")
        }
    }

    struct Question: Sendable {
        let problem: Problem
        let subject: String
    }
}
