import Stats
import Testing

@Suite struct SubsetPickTests {
    /// How often each rank is the best over all subsets of that size, counted one by one.
    private static func counted(_ count: Int, _ size: Int) -> [Double] {
        var wins = [Int](repeating: 0, count: count)
        for subset in 1..<(1 << count) where subset.nonzeroBitCount == size {
            wins[subset.trailingZeroBitCount] += 1
        }
        let subsets = wins.reduce(0, +)
        return wins.map { Double($0) / Double(subsets) }
    }

    @Test(arguments: 1...6)
    func `the chances are those counted over all subsets`(count: Int) {
        for size in 1...count {
            let chances = SubsetPick(of: count, size: size).chances
            #expect(chances.count == count)
            for (chance, counted) in zip(chances, Self.counted(count, size)) {
                #expect(abs(chance - counted) < 1e-12, "\(size) of \(count): \(chances)")
            }
        }
    }

    @Test func `chances are a distribution up to the most candidates that a mode may have`() {
        for size in 1...64 {
            let chances = SubsetPick(of: 64, size: size).chances
            #expect(abs(chances.reduce(0, +) - 1) < 1e-12, "\(size) of 64")
            #expect(chances.allSatisfy { (0...1).contains($0) }, "\(size) of 64")
        }
        // C(56, 7) / C(64, 8) with exact integers.
        #expect(abs(SubsetPick(of: 64, size: 8).chances[7] - 231_917_400.0 / 4_426_165_368.0) < 1e-15)
    }

    @Test func `a subset of one is worth the mean, the whole set its best`() {
        let values = [0.9, 0.5, 0.4, 0.2]
        #expect(abs(SubsetPick(of: 4, size: 1).mean(of: values) - 0.5) < 1e-12)
        #expect(SubsetPick(of: 4, size: 4).mean(of: values) == 0.9)
    }
}
