internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import Store
internal import Telemetry

/// `POST /v1/outcomes`: facts about finished requests, one or a batch, on disk before they are acknowledged.
struct OutcomesRoute {
    let core: GatewayCore

    func response(to request: Request) async throws -> WholeResponse {
        do {
            let bytes = try await request.bytes(limit: core.limits.bodyBytes, core.arrivals)
            try core.outcomeAdmission.enter()
            defer { core.outcomeAdmission.leave() }
            let outcomes = try OutcomeRequest(bytes, core.limits)
            let receipts = try await recorded(outcomes.items)
            for receipt in receipts { core.metrics.http.outcome(OutcomeResult(receipt)) }
            return outcomes.isBatch ? batchResponse(receipts) : singleResponse(receipts)
        } catch let error as GatewayError {
            return WholeResponse(error)
        }
    }

    /// One receipt per item; those whose id can't be one of ours never reach the store.
    private func recorded(_ items: [OutcomeRequest.Item]) async throws(GatewayError) -> [OutcomeReceipt] {
        let records = items.compactMap(\.record)
        var told: [OutcomeReceipt] = []
        if !records.isEmpty {
            do {
                told = try await core.store.record(records)
            } catch {
                core.logger.error("outcomes not recorded", metadata: ["error": "\(error)"])
                throw .store(error)
            }
        }
        var rest = told[...]
        return items.map { $0.record == nil ? .unknownRequest : rest.popFirst() ?? .unknownRequest }
    }

    private func singleResponse(_ receipts: [OutcomeReceipt]) -> WholeResponse {
        let receipt = receipts.first ?? .unknownRequest
        guard receipt == .accepted || receipt == .duplicate else { return WholeResponse(.outcome(receipt)) }
        var writer = JSONWriter()
        writer.object { $0.member("status", receipt.rawValue) }
        return WholeResponse(body: writer.bytes)
    }

    private func batchResponse(_ receipts: [OutcomeReceipt]) -> WholeResponse {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("outcomes")
            writer.array { writer in
                for receipt in receipts {
                    writer.object { $0.member("status", receipt.rawValue) }
                }
            }
        }
        return WholeResponse(body: writer.bytes)
    }
}
