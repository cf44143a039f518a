internal import Crypto
internal import Policy
public import Store
internal import Synchronization

/// The first attempts at what clients may send again, by their idempotency keys.
///
/// Bounded in number and age: the oldest is forgotten first, and a retry that comes after that counts as a request of
/// its own.
public final class FirstAttempts: Sendable {
    /// How long a first attempt is known, as payment services do it.
    public static let window = Duration.seconds(86_400)
    /// How many are known; some 10 MB of memory.
    public static let limit = 100_000

    fileprivate struct State {
        var attempts: [Int64: StoredAttempt] = [:]
        /// In the order in which they came; what stands before `oldest` is forgotten.
        var order: [StoredAttempt] = []
        var oldest = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter known: what the record has from before, oldest first.
    public init(_ known: [StoredAttempt] = [], limit: Int = FirstAttempts.limit) {
        self.limit = limit
        for attempt in known { _ = first(attempt.key, at: attempt.request.timestamp) { attempt } }
    }

    /// The first attempt with this key: an earlier one, or else the present one, which is known from now on.
    ///
    /// The present one is made while nobody else can ask, so two that come together can't both be the first.
    func first<Failure: Error>(
        _ key: Int64,
        at now: Timestamp,
        orElse present: () throws(Failure) -> StoredAttempt
    ) throws(Failure) -> StoredAttempt {
        try state.withLock { state throws(Failure) in
            let start = now.millisecondsSinceEpoch - Int64(Self.window / .milliseconds(1))
            state.forget { $0.request.timestamp.millisecondsSinceEpoch <= start }
            if let earlier = state.attempts[key] { return earlier }
            let attempt = try present()
            state.attempts[key] = attempt
            state.order.append(attempt)
            if state.order.count - state.oldest > limit { state.forgetOldest() }
            return attempt
        }
    }

    /// Forgets an attempt that never got on record: the next one is the first.
    func forget(_ attempt: StoredAttempt) {
        state.withLock { state in
            if state.attempts[attempt.key] == attempt { state.attempts[attempt.key] = nil }
        }
    }
}

extension FirstAttempts.State {
    fileprivate mutating func forget(while isOld: (StoredAttempt) -> Bool) {
        while oldest < order.count, isOld(order[oldest]) { forgetOldest() }
    }

    fileprivate mutating func forgetOldest() {
        let attempt = order[oldest]
        if attempts[attempt.key] == attempt { attempts[attempt.key] = nil }
        oldest += 1
        guard oldest > order.count / 2 else { return }
        order.removeFirst(oldest)
        oldest = 0
    }
}

/// What tells the attempts at one thing from those at others.
///
/// The key alone would not do: clients number their requests from 1, or send one key for ever. So the policy, the
/// subject, the API key and the body count too, and what differs in any of them is no retry.
enum AttemptKey {
    /// The first 64 bits of a SHA-256.
    static func digest(
        _ idempotencyKey: String,
        policy: SplitPolicy,
        _ attributes: RequestAttributes,
        body: [UInt8]
    ) -> Int64 {
        let subject = policy.subject.subject(of: attributes, requestID: "")?.subject.rawValue ?? ""
        var hash = SHA256()
        for part in [policy.id.rawValue, subject, attributes.apiKeyDigest ?? "", idempotencyKey] {
            hash.update(data: Array("\(part.utf8.count) \(part)".utf8))
        }
        hash.update(data: body)
        return hash.finalize().prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}
