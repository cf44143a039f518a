internal import Policy
internal import Store

/// One outcome or a batch of them, understood whole or refused whole.
struct OutcomeRequest: Sendable, Hashable {
    struct Item: Sendable, Hashable {
        /// Nil if the request id has not the form of one, and so can't be known.
        var record: OutcomeRecord?
    }

    var items: [Item]
    var isBatch: Bool

    init(_ bytes: [UInt8], _ limits: GatewayLimits) throws(GatewayError) {
        let reader = ParameterReader(limits: limits)
        let body = try reader.body(bytes)
        guard let batch = body["outcomes"] else {
            isBatch = false
            items = [try Self.item(body, reader, "")]
            return
        }
        isBatch = true
        for member in body.members where member.key != "outcomes" { throw .unknownParameter(member.key) }
        let elements = try reader.elements(batch, "outcomes")
        guard (1...limits.outcomesPerBatch).contains(elements.count) else {
            throw .invalidParameter("outcomes", rule: "must hold 1 to \(limits.outcomesPerBatch) outcomes")
        }
        items = []
        items.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let path = "outcomes[\(index)]"
            items.append(try Self.item(try reader.object(element, path), reader, path + "."))
        }
    }

    static let fields: Set<String> = ["request_id", "metric", "value", "source", "idempotency_key"]

    private static func item(
        _ object: JSONObject,
        _ reader: ParameterReader,
        _ path: String
    ) throws(GatewayError) -> Item {
        for member in object.members where !fields.contains(member.key) {
            throw .unknownParameter(path + member.key)
        }
        guard let id = object["request_id"] else { throw .missingParameter(path + "request_id") }
        guard let metric = object["metric"] else { throw .missingParameter(path + "metric") }
        guard let value = object["value"] else { throw .missingParameter(path + "value") }
        let idText = try reader.text(id, path + "request_id")
        let metricName = try reader.identifier(metric, path + "metric")
        let number = try self.number(value, path + "value")
        let source = try self.source(object["source"], reader, path + "source")
        let key = try self.key(object["idempotency_key"], reader, path + "idempotency_key")
        return Item(
            record: RequestID(idText).map {
                OutcomeRecord(
                    request: $0,
                    metric: MetricName(rawValue: metricName),
                    value: number,
                    source: source,
                    idempotencyKey: key
                )
            }
        )
    }

    private static func number(_ value: JSONValue, _ path: String) throws(GatewayError) -> Double {
        if case .bool(let flag) = value { return flag ? 1 : 0 }
        guard let number = value.number else { throw .wrongType(path, expected: "a boolean or a number") }
        return number
    }

    private static func source(
        _ value: JSONValue?,
        _ reader: ParameterReader,
        _ path: String
    ) throws(GatewayError) -> OutcomeSource {
        guard let value, value != .null else { return .user }
        guard let source = OutcomeSource(rawValue: try reader.text(value, path)) else {
            let choices = OutcomeSource.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidParameter(path, rule: "must be one of \(choices)")
        }
        return source
    }

    private static func key(
        _ value: JSONValue?,
        _ reader: ParameterReader,
        _ path: String
    ) throws(GatewayError) -> String? {
        guard let value, value != .null else { return nil }
        let key = try reader.identifier(value, path)
        guard !key.isEmpty else { throw .invalidParameter(path, rule: "must not be empty") }
        return key
    }
}
