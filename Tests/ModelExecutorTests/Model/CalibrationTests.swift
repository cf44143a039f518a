import ModelExecutor
import Testing

struct CalibrationTests {
    @Test(arguments: [
        (0, 0.25), (0.125, 0.25), (0.25, 0.25), (0.375, 0.375), (0.5, 0.5), (0.625, 0.5), (0.75, 0.5),
        (0.8125, 0.625), (0.875, 0.75), (1, 0.75),
    ])
    func `between two points it is linear, beyond the ends constant`(score: Double, worth: Double) throws {
        let curve = Calibration(scores: [0.25, 0.5, 0.75, 0.875], probabilities: [0.25, 0.5, 0.5, 0.75])
        #expect(try #require(curve).probability(of: score) == worth)
    }

    @Test(arguments: [0, 0.5, 1]) func `one point is a constant`(score: Double) throws {
        let curve = try #require(Calibration(scores: [0.5], probabilities: [0.75]))
        #expect(curve.probability(of: score) == 0.75)
    }

    @Test(arguments: [
        ("no points", [], []),
        ("another count of probabilities", [0.1, 0.2], [0.5]),
        ("another count of scores", [0.1], [0.5, 0.6]),
        ("a score twice", [0.1, 0.1], [0.5, 0.6]),
        ("falling scores", [0.2, 0.1], [0.5, 0.6]),
        ("falling probabilities", [0.1, 0.2], [0.6, 0.5]),
        ("a score below 0", [-0.1, 0.2], [0.5, 0.6]),
        ("a score above 1", [0.1, 1.1], [0.5, 0.6]),
        ("a probability below 0", [0.1, 0.2], [-0.5, 0.6]),
        ("a probability above 1", [0.1, 0.2], [0.5, 1.1]),
        ("a score that is no number", [0.1, .nan], [0.5, 0.6]),
        ("a probability that is no number", [0.1, 0.2], [.nan, 0.6]),
        ("a score without end", [0.1, .infinity], [0.5, 0.6]),
    ])
    func `points that are no rising curve are none`(what: String, scores: [Double], probabilities: [Double]) {
        #expect(Calibration(scores: scores, probabilities: probabilities) == nil, "\(what)")
    }

    @Test func `equal probabilities and the ends of 0 to 1 are allowed`() {
        #expect(Calibration(scores: [0, 0.5, 1], probabilities: [0, 0, 1]) != nil)
    }

    @Test func `the most points are possible and one more is not`() throws {
        func curve(_ count: Int) -> Calibration? {
            let points = (0..<count).map { Double($0) / Double(count) }
            return Calibration(scores: points, probabilities: points)
        }
        #expect(Calibration.mostPoints == 4096)
        let largest = try #require(curve(4096))
        #expect(abs(largest.probability(of: 0.3) - 0.3) < 1e-12)
        #expect(curve(4097) == nil)
    }
}
