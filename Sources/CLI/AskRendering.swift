import ModelExecutor
import Policy

/// How `ask` lays a result open: every candidate with its steps and their scores, best first, then the pick.
struct AskRendering {
    let result: GenerationResult
    let mode: Mode
    let elapsed: Duration
    let terminal: Terminal

    /// Candidates beyond this are counted, not printed.
    static let maximumShown = 32

    var text: String {
        let shown = ranked.prefix(Self.maximumShown).map(line)
        let answer = result.answer.isEmpty ? "(no answer within the token limit)" : result.answer
        return (["candidate  score  steps"] + shown + ["", terminal.styled(answer, .bold), "", footer])
            .joined(separator: "\n")
    }

    private var ranked: [CandidateRecord] {
        result.candidates.sorted { ($0.score ?? 0, $1.index) > ($1.score ?? 0, $0.index) }
    }

    private func line(_ candidate: CandidateRecord) -> String {
        let isPick = candidate.index == result.winner
        let name = "\(candidate.index + 1)".padded(-6) + (isPick ? " ◀ " : "   ")
        let score = candidate.score.map { terminal.score($0) } ?? "  – "
        let steps = steps(of: candidate).joined(separator: terminal.styled(" → ", .dim))
        let ending = candidate.cutAtStep.map { "pruned after step \($0)" } ?? candidate.end.rawValue
        let end = candidate.end == .closed || candidate.end == .stop ? "" : "  (\(ending))"
        return (isPick ? terminal.styled(name, .cyan) : name) + "  \(score)   \(steps)\(end)"
    }

    /// Each step followed by its score; text after the last scored step is the tail.
    private func steps(of candidate: CandidateRecord) -> [String] {
        let pieces = candidate.thinking.split(separator: "\n\n").map { piece in
            let line = piece.split(separator: "\n").joined(separator: " ")
            return line.hasSuffix(".") ? String(line.dropLast()) : line
        }
        return pieces.enumerated().map { index, piece in
            guard index < candidate.stepScores.count else { return piece }
            return piece + " " + terminal.score(candidate.stepScores[index])
        }
    }

    private var footer: String {
        let compute = result.compute
        let picked =
            result.score.map { "picked candidate \(result.winner + 1) with score \($0.fixed(3)); " } ?? ""
        let stopped = result.stoppedBy.map { ", stopped by \($0.rawValue)" } ?? ""
        return terminal.styled(
            "mode \(mode.name) (k=\(result.candidates.count)\(stopped)): \(picked)\(compute.candidateTokens) candidate "
                + "tokens, \(compute.scoredSteps) scored steps, \((elapsed / .seconds(1)).fixed(2)) s",
            .dim
        )
    }
}
