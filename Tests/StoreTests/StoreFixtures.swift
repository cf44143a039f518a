import FoundationEssentials
import GRDB
import Policy
import Synchronization

@testable import Store

/// A folder of its own for one test, removed with the value's last owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "headgate-store-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }

    var database: String { "\(path)/record.db" }
}

/// A clock that stands still until a test moves it.
final class SteppedClock: Sendable {
    private let time: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_764_000_000_000) {
        time = Mutex(milliseconds)
    }

    var now: @Sendable () -> Timestamp {
        { Timestamp(millisecondsSinceEpoch: self.time.withLock { $0 }) }
    }

    func advance(by milliseconds: Int64) {
        time.withLock { $0 += milliseconds }
    }
}

extension PolicyRecord {
    static let twoArms = PolicyRecord(
        policy: "effort",
        version: "aaaaaaaaaaaa",
        document: "policy: effort\n",
        arms: [
            Arm(id: "low", isControl: true, basisPoints: 9_000),
            Arm(id: "medium", isControl: false, basisPoints: 1_000),
        ],
        metrics: [Metric(name: "success", isBinary: true), Metric(name: "rating", isBinary: false)]
    )
}

extension AssignmentRecord {
    static func sample(
        _ id: RequestID,
        arm: ArmID = "low",
        subject: SubjectID = "ann",
        version: PolicyVersion = "aaaaaaaaaaaa",
        served: ModeName? = nil,
        excluded: Exclusion? = nil
    ) -> AssignmentRecord {
        AssignmentRecord(
            id: id,
            policy: "effort",
            version: version,
            arm: arm,
            assigned: ModeName(rawValue: arm.rawValue),
            served: served ?? ModeName(rawValue: arm.rawValue),
            subject: subject.digest,
            excluded: excluded
        )
    }
}

extension CompletionRecord {
    static func sample(
        _ id: RequestID,
        state: TerminalState = .completed,
        latency: Duration = .milliseconds(120),
        candidates: [RecordedCandidate] = [.sample]
    ) -> CompletionRecord {
        CompletionRecord(
            id: id,
            state: state,
            cause: state == .failed ? .model : nil,
            latency: latency,
            firstToken: state == .completed ? .milliseconds(80) : nil,
            queued: .milliseconds(3),
            compute: RecordedCompute(
                promptTokens: 40,
                candidateTokens: 110 * candidates.count,
                answerTokens: 12,
                reasoningTokens: 90,
                scoredSteps: 5 * candidates.count,
                cpu: .milliseconds(95)
            ),
            winner: candidates.isEmpty ? nil : 0,
            candidates: candidates
        )
    }
}

extension RecordedCandidate {
    static let sample = RecordedCandidate(
        score: Double(Float(0.93)),
        stepScores: [0.5, 0.8, 0.9, 0.97, 0.99],
        thinkingTokens: 98,
        answerTokens: 12,
        logProbability: -31.5,
        answerDigest: 0x1234_5678,
        end: .closed
    )
}

extension RecordStore {
    /// A store on the folder's file that knows `PolicyRecord.twoArms`.
    static func sample(
        in folder: TemporaryFolder,
        clock: SteppedClock = SteppedClock(),
        _ change: (inout StoreConfiguration) -> Void = { _ in }
    ) async throws -> RecordStore {
        var configuration = StoreConfiguration(path: folder.database)
        change(&configuration)
        let store = try RecordStore(configuration, now: clock.now)
        try await store.remember([.twoArms])
        return store
    }
}

extension TemporaryFolder {
    /// Another program's connection, which may keep a transaction open.
    func otherWriter() throws -> DatabaseQueue {
        var settings = Configuration()
        settings.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: database, configuration: settings)
    }

    /// The record's files as they are now, in a folder of their own.
    func copyOfFiles() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: database + suffix) {
            try FileManager.default.copyItem(atPath: database + suffix, toPath: copy.database + suffix)
        }
        return copy
    }
}

extension StoredRequest {
    /// How the request ended; nil while it is open.
    var state: TerminalState? {
        switch end {
        case .open: nil
        case .ended(let completion): completion.state
        case .unmeasured(let state, _): state
        }
    }
}
