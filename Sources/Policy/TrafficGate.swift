/// The part of the traffic that a policy takes: by subject, so that each comes under it with all of its requests or
/// with none.
///
/// The subject falls into a bucket, and those below the share are taken: whoever is in stays in when the share is
/// raised. The bucket is a hash of its own. Were it the arms' draw, a small share would be filled from one end of it,
/// and most of those taken would get the same arm.
public struct TrafficGate: Sendable, Hashable {
    /// Where an arm's name stands in the arms' draw; with its colon it is none.
    static let label = "match:traffic"

    public let share: Share
    private let buckets: HashBucket

    init(share: Share, salt: String) {
        self.share = share
        buckets = HashBucket(salt: salt, label: Self.label)
    }

    /// From 0 to 9,999.
    public func bucket(of subject: SubjectID) -> Int { buckets.index(of: subject.rawValue) }

    /// Whether the policy takes the subject's requests.
    public func admits(_ subject: SubjectID) -> Bool {
        share == .whole || bucket(of: subject) < share.basisPoints
    }
}

/// What a policy that takes a part of the traffic makes of one request.
public struct TrafficDraw: Sendable, Hashable {
    public let share: Share
    /// Nil where nothing names a subject, so that each request falls into a bucket of its own.
    public let bucket: Int?

    /// Nil where that is not known.
    public var isAdmitted: Bool? { bucket.map { $0 < share.basisPoints } }
}

extension TrafficDraw: CustomStringConvertible {
    public var description: String {
        guard let bucket else { return "traffic is \(share) of such requests, each by its own id" }
        let isIn = bucket < share.basisPoints
        return "traffic is \(share): the subject's bucket \(bucket) of \(HashBucket.count) is "
            + "\(isIn ? "" : "not ")below \(share.basisPoints)"
    }
}

extension SplitPolicy {
    /// Whether the policy decides about the request, if no other is asked first.
    ///
    /// - Parameter requestID: what stands in for the subject where nothing names one.
    public func covers(_ request: RequestAttributes, requestID: String) -> Bool {
        guard match.covers(request) else { return false }
        return gate.share == .whole || gate.admits(subject(of: request) ?? SubjectID(rawValue: requestID))
    }

    /// What `match.traffic` makes of the request; nil where the policy takes all that match.
    func traffic(_ request: RequestAttributes) -> TrafficDraw? {
        guard gate.share != .whole else { return nil }
        return TrafficDraw(share: gate.share, bucket: subject(of: request).map { gate.bucket(of: $0) })
    }

    /// Nil where nothing in the request names one.
    private func subject(of request: RequestAttributes) -> SubjectID? {
        guard let found = subject.subject(of: request, requestID: ""), found.source != .request else {
            return nil
        }
        return found.subject
    }

    /// Whether no request can pass this policy by and still be covered by `other`, which is asked later.
    ///
    /// It is sure when it says yes and may say no where it cannot tell.
    func hides(_ other: SplitPolicy) -> Bool {
        guard match.includes(other.match) else { return false }
        if gate.share == .whole { return true }
        let isSameDraw = salt == other.salt && subject.from == other.subject.from
        return isSameDraw && other.gate.share <= gate.share
    }
}
