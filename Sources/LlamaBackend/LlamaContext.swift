internal import CLlama
internal import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The key-value cache and the compute graph of one model, with the batch that feeds them.
final class LlamaContext {
    let limits: ModelLimits
    let threads: Int
    let isUnified: Bool
    let cacheBytesPerToken: Int
    private let weights: LlamaWeights
    private let context: OpaquePointer
    private let memory: llama_memory_t
    private let threadPool: OpaquePointer?
    private let tap: ResidualTap?
    private var batch: llama_batch

    /// `tappedBlock`: the block whose output is kept for each row; nil keeps nothing.
    init(weights: LlamaWeights, settings: LlamaSettings, tappedBlock: Int?) throws(LlamaError) {
        let cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let shape = weights.cacheShape
        try shape.check(settings, model: weights.name)
        let contextTokens = max(1, min(settings.contextTokens, weights.trainedContext))
        let most = min(LlamaSettings.maximumSequences, Int(llama_max_parallel_sequences()))
        let sequences = max(1, min(settings.sequences, most))
        let prefixes = weights.shortensSequences ? max(0, min(settings.prefixSequences, most - sequences)) : 0
        let rows = max(settings.rowsPerBatch, sequences)
        let size = CacheSize(
            tokensPerSequence: contextTokens,
            sequences: sequences + prefixes,
            bytesPerToken: shape.bytesPerToken(settings.cacheType)
        )
        threads = settings.threads(weightBytes: weights.bytes, cores: cores)
        isUnified = size.layout(settings) == .unified
        cacheBytesPerToken = size.bytesPerToken
        tap = tappedBlock.map { ResidualTap(block: $0, width: weights.width, rows: rows) }

        var parameters = llama_context_default_params()
        parameters.n_ctx = UInt32(clamping: isUnified ? size.pooledCells(settings) : size.cells)
        parameters.n_batch = UInt32(rows)
        parameters.n_ubatch = UInt32(rows)
        parameters.n_seq_max = UInt32(sequences + prefixes)
        parameters.n_threads = Int32(threads)
        parameters.n_threads_batch = Int32(threads)
        parameters.flash_attn_type = settings.flashAttention.llama
        parameters.type_k = settings.cacheType.ggml
        parameters.type_v = settings.cacheType.ggml
        // With a sliding window, cells that left it would be gone when a later request goes on from a kept prompt.
        parameters.swa_full = true
        parameters.kv_unified = isUnified
        parameters.no_perf = true
        if let tap {
            parameters.cb_eval = ResidualTap.callback
            parameters.cb_eval_user_data = Unmanaged.passUnretained(tap).toOpaque()
        }
        let (made, reason) = LlamaLog.complaints { llama_init_from_model(weights.model, parameters) }
        guard let context = made, let memory = llama_get_memory(context) else {
            if let made { llama_free(made) }
            throw .noContext(model: weights.name, reason: reason ?? "llama.cpp gave no reason")
        }
        self.context = context
        self.memory = memory
        self.weights = weights
        threadPool = Self.attachThreadPool(to: context, threads: threads)
        batch = llama_batch_init(Int32(rows), 0, 1)
        limits = ModelLimits(
            contextTokens: min(contextTokens, Int(llama_n_ctx_seq(context))),
            sequences: sequences,
            prefixSequences: prefixes,
            rowsPerBatch: rows,
            cells: Int(llama_n_ctx(context))
        )
    }

    deinit {
        llama_batch_free(batch)
        llama_free(context)
        if let threadPool { ggml_threadpool_free(threadPool) }
    }

    /// Evaluates the rows; returns the CPU time of all threads, or what went wrong.
    func decode(_ rows: [Row]) throws(ExecutorError) -> Duration {
        precondition(
            !rows.isEmpty && rows.count <= limits.rowsPerBatch,
            "\(rows.count) rows in a batch of 1 to \(limits.rowsPerBatch)"
        )
        for (index, row) in rows.enumerated() {
            batch.token[index] = row.token
            batch.pos[index] = Int32(row.position)
            batch.n_seq_id[index] = 1
            batch.seq_id[index]?[0] = Int32(row.sequence)
            batch.logits[index] = row.wantsOutput ? 1 : 0
        }
        batch.n_tokens = Int32(rows.count)
        if let tap {
            let order =
                isUnified
                ? BatchOrder(unifiedRows: rows.count, limit: limits.rowsPerBatch)
                : BatchOrder(perSequence: rows.map(\.sequence), limit: limits.rowsPerBatch)
            tap.expect(order, wanted: rows.map(\.wantsOutput))
        }
        let before = Self.threadTime()
        let status = llama_decode(context, batch)
        llama_synchronize(context)
        let spent = Self.threadTime() - before
        switch status {
        case 0: break
        case 1: throw .modelFailed("no free key-value cells for a batch of \(rows.count)")
        default:
            throw .modelFailed("llama.cpp could not evaluate a batch of \(rows.count) (status \(status))")
        }
        guard tap?.isComplete ?? true else {
            throw .modelFailed("llama.cpp did not hand out the residual stream")
        }
        return spent * threads
    }

    func logits(row: Int) -> UnsafePointer<Float> {
        guard let logits = llama_get_logits_ith(context, Int32(row)) else {
            preconditionFailure("row \(row) did not ask for output")
        }
        return UnsafePointer(logits)
    }

    func residual(row: Int) -> UnsafeBufferPointer<Float> {
        guard let tap else { preconditionFailure("a model without a head keeps no residual stream") }
        return tap.features(row: row)
    }

    func copySequence(_ source: Int, to target: Int) {
        llama_memory_seq_cp(memory, Int32(source), Int32(target), -1, -1)
    }

    func truncateSequence(_ sequence: Int, to length: Int) {
        let isShorter = llama_memory_seq_rm(memory, Int32(sequence), Int32(length), -1)
        precondition(isShorter, "sequence \(sequence) can't be cut to \(length) tokens")
    }

    func clearSequence(_ sequence: Int) {
        _ = llama_memory_seq_rm(memory, Int32(sequence), -1, -1)
    }

    /// Positions cached for the sequence, for tests of what a cancellation frees.
    func cachedPositions(of sequence: Int) -> Int {
        Int(llama_memory_seq_pos_max(memory, Int32(sequence))) + 1
    }

    /// Workers that sleep at once when there is nothing to do: ggml's default is to spin, which takes the cores
    /// away from the gateway's own threads between two batches.
    private static func attachThreadPool(to context: OpaquePointer, threads: Int) -> OpaquePointer? {
        guard threads > 1 else { return nil }
        var parameters = ggml_threadpool_params_default(Int32(threads))
        parameters.poll = 0
        guard let pool = ggml_threadpool_new(&parameters) else { return nil }
        llama_attach_threadpool(context, pool, pool)
        return pool
    }

    /// CPU time of the calling thread. With several threads it stands for each of them, since ggml's workers
    /// walk the same graph in step; the process's CPU time would charge the whole gateway to the model.
    private static func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
