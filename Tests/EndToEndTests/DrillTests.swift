import Foundation
import Testing

@testable import CLI

/// The drills of `headgate bench`, small: what they count must be nothing, and they must have tried.
@Suite(.timeLimit(.minutes(5))) struct DrillTests {
    private let executable = BuiltProgram.path

    @Test func `a gateway killed at any step of a rollout goes on from its record`() async throws {
        let report = try await CrashDrill(rounds: 1, seed: 7).run(executable: executable)
        #expect(report.mismatches == 0, "\(report)")
        #expect(report.kills >= 6 && report.kills == report.before + report.after, "\(report)")
    }

    @Test func `edits under load fail no request and mix no versions`() async throws {
        let storm = ReloadStorm(workers: 4, editsPerMinute: 300, minutes: 0.06, seed: 7)
        let report = try await storm.run(executable: executable)
        #expect(report.failures == 0 && report.unknownVersions == 0 && report.mixed == 0, "\(report)")
        #expect(report.broken == 6 && report.versions > 1, "\(report)")
        #expect(report.requests > report.versions)
    }

    @Test func `an arm whose requests fail loses its share`() async throws {
        let drill = FaultDrill(fault: .failures, workers: 8, patience: .seconds(120))
        let report = try await drill.run(executable: executable)
        #expect(report.phase == "rolled back from stage 1", "\(report)")
        #expect(report.exposed >= 10 && report.exposed < report.requests, "\(report)")
    }
}
