import Foundation
import Testing

@testable import Telemetry

@Suite struct CatalogueTests {
    @Test(arguments: MetricCatalogue.all)
    func `a metric is named after its product, its thing and its unit`(metric: MetricDeclaration) {
        let ours = metric.name.hasPrefix("headgate_") || metric.name.hasPrefix("process_")
        #expect(ours && metric.name.allSatisfy { $0.isLowercase || $0 == "_" }, "\(metric.name)")
        #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
        #expect(metric.help.hasSuffix("."), "\(metric.name): \(metric.help)")
    }

    @Test func `no name is declared twice`() {
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
    }

    @Test func `promtool accepts the whole catalogue`() throws {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        let promtool = cache + "/headgate/tools/promtool"
        try #require(FileManager.default.isExecutableFile(atPath: promtool), "run 'make setup' first")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: promtool)
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(HeadgateMetrics.example.exposition().utf8))
        try input.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
    }
}
