import Testing

@testable import Stats

@Suite struct WilsonTests {
    /// Reference values of scipy 1.17.1, `binomtest(s, n).proportion_ci(method="wilson")`.
    @Test(arguments: [
        (0, 10, 0.0, 0.277_532_799_9), (10, 10, 0.722_467_200_1, 1.0),
        (85, 100, 0.767_164_404_1, 0.906_940_147_2),
        (1, 3, 0.061_491_944_7, 0.792_340_399_2),
    ])
    func `the interval agrees with the reference`(successes: Int, trials: Int, lower: Double, upper: Double) {
        let interval = Counts(successes: successes, trials: trials).wilsonInterval()
        #expect(abs(interval.lower - lower) < 1e-8, "\(interval)")
        #expect(abs(interval.upper - upper) < 1e-8, "\(interval)")
    }
}
