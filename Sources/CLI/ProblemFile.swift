import Answers
import Foundation

/// Problem files: one JSON object a line.
enum ProblemFile {
    /// Problems beyond this are not read into memory.
    static let maximumProblems = 1_000_000

    /// Reads every problem or fails, naming the first bad line.
    static func read(_ path: String) throws(UsageError) -> [Problem] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw UsageError(isThere ? "can't read '\(path)' as UTF-8 text" : "there is no file '\(path)'")
        }
        let decoder = JSONDecoder()
        var problems: [Problem] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            guard problems.count < maximumProblems else {
                throw UsageError("'\(path)' has more than \(maximumProblems) problems; split it")
            }
            guard let problem = try? decoder.decode(Problem.self, from: Data(line.utf8)) else {
                throw UsageError(
                    "\(path):\(index + 1): not a problem; a line is {\"prompt\": …, \"answer\": …} "
                        + "or {\"prompt\": …, \"numbers\": […], \"target\": …}"
                )
            }
            problems.append(problem)
        }
        guard !problems.isEmpty else { throw UsageError("'\(path)' holds no problem") }
        return problems
    }
}

extension String {
    /// Pads to a width: on the right for a positive width, on the left for a negative one.
    func padded(_ width: Int) -> String {
        let missing = max(abs(width) - count, 0)
        let space = String(repeating: " ", count: missing)
        return width < 0 ? space + self : self + space
    }
}
