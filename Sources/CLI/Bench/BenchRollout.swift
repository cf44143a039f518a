import ArgumentParser
import Foundation

/// `headgate bench rollout`: how fast a fault ends, and what kills do to a rollout.
struct BenchRollout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Measure a rollout under a fault in its arm, and kill a gateway at every step of one.",
        discussion: """
            Starts gateways of its own with a scripted executor. Twice an arm at 25 % turns bad under traffic, by \
            failures and by three times the latency; what is printed is how long it went on being served and how \
            many requests met it. Then a gateway is killed (SIGKILL) at a random moment of each step of a \
            rollout, started again and compared with its record.
            """
    )

    @Option(help: "Faults to try, separated by commas: failures, latency; or none.")
    var faults = "failures,latency"

    @Option(help: "Requests at once during a fault.")
    var workers = 8

    @Option(help: "Times through all steps of a rollout, each killed at least once; 0 for none.")
    var rounds = 3

    @Option(help: "Seed of the moments at which gateways are killed.")
    var seed: UInt64 = 1

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let workerCounts = 1...256
    private static let roundCounts = 0...1_000
    /// A fault that has not ended by then is reported as it stands.
    private static let patience = Duration.seconds(60)

    func validate() throws {
        guard Self.workerCounts.contains(workers) else {
            throw ValidationError("--workers is \(workers); choose 1 to \(Self.workerCounts.upperBound)")
        }
        guard Self.roundCounts.contains(rounds) else {
            throw ValidationError("--rounds is \(rounds); choose 0 to \(Self.roundCounts.upperBound)")
        }
        _ = try faultsToTry()
    }

    private func faultsToTry() throws -> [FaultDrill.Fault] {
        if faults == "none" { return [] }
        return try faults.split(separator: ",").map { name in
            guard let fault = FaultDrill.Fault(rawValue: String(name)) else {
                throw ValidationError("'\(name)' is not a fault; choose failures, latency or none")
            }
            return fault
        }
    }

    func run() async throws {
        guard let executable = Bundle.main.executablePath else {
            throw UsageError("can't find this program's own file to start a gateway from")
        }
        var reports: [FaultDrill.Report] = []
        for fault in try faultsToTry() {
            note("traffic, and then \(fault.words) …")
            let drill = FaultDrill(fault: fault, workers: workers, patience: Self.patience)
            reports.append(try await drill.run(executable: executable))
        }
        let crashes = try await CrashDrill(rounds: rounds, seed: seed).run(executable: executable)
        let report = Report(faults: reports, crashes: crashes)
        print(json ? try JSONText.encode(report) : report.text)
    }

    struct Report: Encodable {
        let faults: [FaultDrill.Report]
        let crashes: CrashDrill.Report

        var text: String {
            let lines = faults.map { fault in
                """
                \(fault.fault): \(fault.phase); its last request \(fault.seconds.fixed(1)) s after its first, \
                \(fault.exposed) of \(fault.requests) requests met it
                """
            }
            let kills = """
                \(crashes.kills) kills, \(crashes.before) before the step was on record and \(crashes.after) after; \
                \(crashes.mismatches) starts that did not go on from the record
                """
            return (lines + [kills]).joined(separator: "\n")
        }
    }
}
