import Testing

@testable import Stats

@Suite struct NormalIntervalTests {
    /// Reference values of scipy 1.17.1, `norm.interval(0.95, loc=mean(x), scale=sem(x))`.
    @Test(arguments: [
        ([1.0, 2, 3, 4, 5], 1.614_096_175_7, 4.385_903_824_3),
        ([40.0, 52, 47, 61, 300, 44, 58], 15.876_892_417_0, 156.123_107_583_0),
        ([7.0, 7, 7], 7.0, 7.0),
    ])
    func `the interval of a mean agrees with the reference`(values: [Double], lower: Double, upper: Double)
        throws
    {
        var moments = Moments()
        for value in values { moments.add(value) }
        let interval = try #require(moments.estimate).normalInterval()
        #expect(abs(interval.lower - lower) < 1e-8, "\(interval)")
        #expect(abs(interval.upper - upper) < 1e-8, "\(interval)")
    }
}
