import Foundation
import Policy
import Testing

private let separator = "----------\n"

private let goldenFiles = ((try? FileManager.default.contentsOfDirectory(atPath: golden.path())) ?? [])
    .filter { $0.hasSuffix(".txt") }.sorted()

/// Each file holds a document, a separator, and the normal form or the exact problems.
///
/// With `HEADGATE_RECORD_GOLDEN` set, files are rewritten with what the code says: read the difference.
@Test(arguments: goldenFiles)
func `a document gives exactly the recorded normal form or problems`(name: String) throws {
    let file = golden.appending(path: name)
    let text = try String(contentsOf: file, encoding: .utf8)
    let split = try #require(text.range(of: separator), "\(name) has no separator")
    let input = String(text[..<split.lowerBound])
    let output = answer(to: input, file: name.replacing(".txt", with: ".yaml"))
    if ProcessInfo.processInfo.environment["HEADGATE_RECORD_GOLDEN"] != nil {
        try Data((input + separator + output).utf8).write(to: file)
    }
    #expect(output == text[split.upperBound...], "\(name)")
}

@Test func `the golden files are there`() {
    #expect(goldenFiles.count >= 20, "found \(goldenFiles.count) in \(golden.path())")
}

private func answer(to yaml: String, file: String) -> String {
    do {
        let policy = try SplitPolicy(yaml: yaml, file: file)
        return "version \(policy.version)\n" + policy.source
    } catch {
        return error.description + "\n"
    }
}
