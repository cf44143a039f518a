internal import ModelExecutor
internal import Policy
internal import Store

/// Writes the answer to one chat request in OpenAI's shapes: whole, or as the chunks of a stream.
struct ChatAnswer: Sendable {
    private let id: RequestID
    private let model: String
    private let created: Int64
    /// Nil for an answer that no policy assigned.
    private let assignment: Assignment?
    /// Which mode ran, by the number of its fallback.
    private let served: @Sendable (Int) -> Mode
    private let isBlind: Bool
    private let includeUsage: Bool
    /// Whose turn it was, for a client that asked.
    private let tier: Tier?

    init(_ exchange: Exchange, model: String, now: Timestamp) {
        id = exchange.id
        self.model = model
        created = now.millisecondsSinceEpoch / 1_000
        assignment = exchange.assignment
        served = { exchange.served(fallback: $0) }
        isBlind = exchange.policy.isBlind
        includeUsage = exchange.chat.includeUsage
        tier = exchange.chat.namesTier ? exchange.tier : nil
    }

    /// For an answer given outside any policy.
    init(id: RequestID, model: String, mode: Mode, now: Timestamp) {
        self.id = id
        self.model = model
        created = now.millisecondsSinceEpoch / 1_000
        assignment = nil
        served = { _ in mode }
        isBlind = false
        includeUsage = true
        tier = nil
    }

    /// The body of a `chat.completion`.
    func whole(_ result: GenerationResult) -> [UInt8] {
        var writer = JSONWriter(reserving: 1_024)
        writer.object { writer in
            head(of: "chat.completion", &writer)
            writer.key("choices")
            writer.array { writer in
                writer.object { writer in
                    writer.member("index", 0)
                    writer.key("message")
                    writer.object { writer in
                        writer.member("role", "assistant")
                        writer.member("content", result.answer)
                        if !result.thinking.isEmpty { writer.member("reasoning_content", result.thinking) }
                        writer.key("refusal")
                        writer.null()
                    }
                    finishReason(result.finishReason, &writer)
                }
            }
            usage(result.compute, &writer)
            headgate(result, &writer)
        }
        return writer.bytes
    }

    /// The first chunk: the role, and the thinking of the candidate that was picked.
    func opening(_ selected: Selected) -> [UInt8] {
        chunk { writer in
            writer.member("role", "assistant")
            writer.member("content", "")
            if !selected.thinking.isEmpty { writer.member("reasoning_content", selected.thinking) }
        }
    }

    /// One more piece of the answer.
    func piece(_ text: String) -> [UInt8] {
        chunk { writer in writer.member("content", text) }
    }

    /// Everything after the last piece: why it ended, what it cost, and the end of the stream.
    func closing(_ result: GenerationResult) -> [UInt8] {
        var bytes = chunk(finish: result) { _ in }
        if includeUsage {
            bytes += event { writer in
                writer.key("choices")
                writer.array { _ in }
                usage(result.compute, &writer)
            }
        }
        return bytes + Array("data: [DONE]\n\n".utf8)
    }

    private func chunk(
        finish: GenerationResult? = nil,
        delta: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        event { writer in
            writer.key("choices")
            writer.array { writer in
                writer.object { writer in
                    writer.member("index", 0)
                    writer.key("delta")
                    writer.object(delta)
                    finishReason(finish?.finishReason, &writer)
                }
            }
            if includeUsage {
                writer.key("usage")
                writer.null()
            }
            if let finish { headgate(finish, &writer) }
        }
    }

    private func event(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            head(of: "chat.completion.chunk", &writer)
            members(&writer)
        }
        return ServerSentEvent.data(writer.bytes)
    }

    private func head(of object: String, _ writer: inout JSONWriter) {
        writer.member("id", "chatcmpl-\(id)")
        writer.member("object", object)
        writer.key("created")
        writer.value(created)
        writer.member("model", model)
        if let tier { writer.member("service_tier", tier.rawValue) }
    }

    private func finishReason(_ reason: FinishReason?, _ writer: inout JSONWriter) {
        writer.key("logprobs")
        writer.null()
        writer.member("finish_reason", reason?.rawValue)
    }

    /// What the answer that is returned cost, in OpenAI's words; the other candidates are in `headgate`.
    private func usage(_ compute: Compute, _ writer: inout JSONWriter) {
        let completion = compute.reasoningTokens + compute.answerTokens
        writer.key("usage")
        writer.object { writer in
            writer.member("prompt_tokens", compute.promptTokens)
            writer.member("completion_tokens", completion)
            writer.member("total_tokens", compute.promptTokens + completion)
            writer.key("prompt_tokens_details")
            writer.object { writer in writer.member("cached_tokens", compute.cachedTokens) }
            writer.key("completion_tokens_details")
            writer.object { writer in writer.member("reasoning_tokens", compute.reasoningTokens) }
        }
    }
}

extension ChatAnswer {
    /// The `headgate` object; under a blind policy nothing in it tells the arm.
    private func headgate(_ result: GenerationResult, _ writer: inout JSONWriter) {
        writer.key("headgate")
        writer.object { writer in
            writer.member("request_id", id.description)
            writer.member("policy", assignment?.policy.rawValue)
            writer.member("policy_version", assignment?.version.rawValue)
            if isBlind { return }
            writer.member("arm", assignment?.arm.id.rawValue)
            let mode = served(result.fallback).name
            writer.member("mode", mode.rawValue)
            if let assigned = assignment?.assigned.name, assigned != mode {
                writer.member("assigned_mode", assigned.rawValue)
            }
            writer.member("k", result.candidates.count)
            writer.member("score", result.score)
            writer.member("confidence", result.confidence)
            writer.member("stopped_by", result.stoppedBy?.rawValue)
            writer.key("candidates")
            writer.array { writer in
                for candidate in result.candidates { self.candidate(candidate, &writer) }
            }
            writer.key("compute")
            writer.object { writer in
                writer.member("prompt_tokens", result.compute.promptTokens)
                writer.member("cached_tokens", result.compute.cachedTokens)
                writer.member("candidate_tokens", result.compute.candidateTokens)
                writer.member("answer_tokens", result.compute.answerTokens)
                writer.member("scored_steps", result.compute.scoredSteps)
                writer.member("cpu_seconds", result.compute.cpu.seconds)
            }
        }
    }

    private func candidate(_ candidate: CandidateRecord, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("index", candidate.index)
            writer.member("score", candidate.score)
            writer.key("steps")
            writer.array { writer in
                for score in candidate.stepScores { writer.value(score) }
            }
            writer.member("tokens", candidate.thinkingTokens + candidate.answerTokens)
            writer.member("end", candidate.end.rawValue)
            if let step = candidate.cutAtStep {
                // An audited request runs in full and only says who would have been cut.
                writer.member(candidate.end == .pruned ? "cut_at_step" : "would_be_cut_at_step", step)
            }
            if let branch = candidate.branch {
                writer.key("branch")
                writer.object { writer in
                    writer.member("candidate", branch.candidate)
                    writer.member("step", branch.step)
                }
            }
        }
    }
}

extension Duration {
    /// The duration as a number of seconds, for people and metrics.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

/// The lines of a `text/event-stream`.
enum ServerSentEvent {
    /// Keeps a connection alive while there is nothing to say; clients skip it.
    static let thinking = Array(": thinking\n\n".utf8)

    /// An event of one line; JSON as written here holds no line break.
    static func data(_ json: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count + 8)
        bytes += "data: ".utf8
        bytes += json
        bytes += "\n\n".utf8
        return bytes
    }
}
