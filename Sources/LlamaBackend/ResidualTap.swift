internal import CLlama

/// Copies the residual stream that leaves one block out of every decode.
///
/// llama.cpp asks for each node of its graph whether it is wanted, and hands a wanted one over as soon as it is
/// computed. Only one node is ever wanted, because each costs a pause of the worker threads.
final class ResidualTap {
    let width: Int
    private let nodeName: [CChar]
    private let values: UnsafeMutableBufferPointer<Float>
    private var order = BatchOrder(unifiedRows: 0, limit: 1)
    private var wanted: [Bool] = []
    private var microBatch = 0

    /// Taps the block with this index; room for `rows` rows.
    init(block: Int, width: Int, rows: Int) {
        self.width = width
        nodeName = Array("l_out-\(block)".utf8CString)
        values = .allocate(capacity: rows * width)
        values.initialize(repeating: 0)
    }

    deinit { values.deallocate() }

    /// Prepares for a decode of rows in this order, of which the wanted ones are kept.
    func expect(_ order: BatchOrder, wanted: [Bool]) {
        self.order = order
        self.wanted = wanted
        microBatch = 0
    }

    /// The features of a row of the last decode, by its index in the batch.
    func features(row: Int) -> UnsafeBufferPointer<Float> {
        precondition(wanted.indices.contains(row) && wanted[row], "row \(row) did not ask for output")
        return UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width])
    }

    /// Whether every micro-batch of the last decode handed its rows over.
    var isComplete: Bool { microBatch == order.microBatches.count }

    func wants(_ node: UnsafeMutablePointer<ggml_tensor>) -> Bool {
        guard let name = ggml_get_name(node) else { return false }
        for (index, byte) in nodeName.enumerated() where name[index] != byte { return false }
        return true
    }

    func receive(_ node: UnsafeMutablePointer<ggml_tensor>) {
        guard microBatch < order.microBatches.count, let base = values.baseAddress else { return }
        let rows = order.microBatches[microBatch]
        microBatch += 1
        let shape = node.pointee.ne
        precondition(
            Int(shape.0) == width && Int(shape.1) == rows.count && node.pointee.type == GGML_TYPE_F32,
            "llama.cpp evaluated \(shape.1) rows of \(shape.0) where \(rows.count) of \(width) were expected"
        )
        let stride = node.pointee.nb.1
        for (position, row) in rows.enumerated() where wanted[row] {
            ggml_backend_tensor_get(
                node,
                base + row * width,
                position * stride,
                width * MemoryLayout<Float>.size
            )
        }
    }

    /// The C callback for `cb_eval`; the user data is an unretained tap, which its context keeps alive.
    static let callback: ggml_backend_sched_eval_callback = { node, isAsking, data in
        guard let node, let data else { return false }
        let tap = Unmanaged<ResidualTap>.fromOpaque(data).takeUnretainedValue()
        if isAsking { return tap.wants(node) }
        tap.receive(node)
        return true
    }
}
