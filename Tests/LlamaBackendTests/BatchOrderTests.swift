import Testing

@testable import LlamaBackend

@Suite struct BatchOrderTests {
    @Test func `one pool is evaluated in the order of the batch`() {
        #expect(BatchOrder(unifiedRows: 5, limit: 2).microBatches == [[0, 1], [2, 3], [4]])
        #expect(BatchOrder(unifiedRows: 0, limit: 2).microBatches == [])
    }

    @Test(arguments: [
        ([0, 1, 2], 8, [[0, 1, 2]]),
        ([0, 0, 1, 1], 8, [[0, 1, 2, 3]]),
        ([0, 1, 1, 1, 2], 8, [[0, 1, 4], [2, 3]]),
        ([0, 2, 3], 8, [[0], [1, 2]]),
        ([0, 0, 0, 0, 0], 2, [[0, 1], [2, 3], [4]]),
        ([5], 8, [[0]]),
    ])
    func `streams are evaluated in equal parts of consecutive sequences`(
        sequences: [Int],
        limit: Int,
        expected: [[Int]]
    ) {
        #expect(BatchOrder(perSequence: sequences, limit: limit).microBatches == expected)
    }
}
