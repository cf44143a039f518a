import Stats
import Testing

/// One vector set's input translated into this module's types, and its results back.
struct OracleMethod: Sendable, CustomTestStringConvertible {
    var name: String
    var output: @Sendable (JSONValue) throws -> JSONValue
    var testDescription: String { name }

    init(_ name: String, output: @escaping @Sendable (JSONValue) throws -> JSONValue) {
        self.name = name
        self.output = output
    }
}

/// The value that a vector must be able to produce.
func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw MissingField(description: "the method has no \(Value.self) for this input") }
    return value
}

extension ConfidenceSequence {
    init(_ input: JSONValue) throws {
        self.init(alpha: try input["alpha"].double, plannedSubjects: try input["n_star"].double)
    }
}

private func counts(_ arm: JSONValue, _ key: String = "successes") throws -> Estimate {
    try required(Counts(successes: try arm[key].int, trials: try arm["n"].int).estimate)
}

private func moments(_ arm: JSONValue) throws -> Estimate {
    try required(
        Moments(
            count: try arm["n"].int,
            sum: try arm["sum"].double,
            sumOfSquares: try arm["sum_squares"].double
        ).estimate
    )
}

func sums(_ arm: JSONValue) throws -> SubjectSums {
    var sums = SubjectSums()
    let requests = try arm["requests"].doubles
    let successes = try arm["successes"].doubles
    let cost = (try? arm["cost"].doubles) ?? requests.map { _ in 0 }
    for index in requests.indices {
        sums.add(requests: requests[index], successes: successes[index], cost: cost[index])
    }
    return sums
}

func bounded(_ estimate: Estimate, _ sequence: ConfidenceSequence) -> JSONValue {
    let interval = sequence.interval(for: estimate)
    return [
        "estimate": JSONValue(estimate.value), "se": JSONValue(estimate.standardError),
        "cs_lower": JSONValue(interval.lower), "cs_upper": JSONValue(interval.upper),
        "p_value": JSONValue(sequence.pValue(for: estimate)),
    ]
}

private func compared(_ comparison: Comparison, _ sequence: ConfidenceSequence) throws -> [String: JSONValue]
{
    [
        "absolute": bounded(comparison.difference, sequence),
        "relative": bounded(try required(comparison.relativeLift), sequence),
    ]
}

private func ratio(
    _ metric: (SubjectSums) -> Estimate?,
    _ control: SubjectSums,
    _ treatment: SubjectSums,
    _ sequence: ConfidenceSequence
) throws -> JSONValue {
    let c = try required(metric(control))
    let t = try required(metric(treatment))
    var output = try compared(Comparison(control: c, treatment: t), sequence)
    output["control_value"] = JSONValue(c.value)
    output["control_var_of_estimate"] = JSONValue(c.variance)
    output["treatment_value"] = JSONValue(t.value)
    output["treatment_var_of_estimate"] = JSONValue(t.variance)
    return .object(output)
}

extension OracleMethod {
    static let margin = OracleMethod("asymp_cs_margin") { input in
        let sequence = try ConfidenceSequence(input)
        let n = try input["n"].int
        let se = (try input["s2"].double / Double(n)).squareRoot()
        return [
            "rho": JSONValue(sequence.rho), "rho_exact_lambertw": JSONValue(sequence.exactRho),
            "margin_two_sided": JSONValue(se * sequence.multiplier(subjects: n)),
            "se_multiplier_two_sided": JSONValue(sequence.multiplier(subjects: n)),
            "rho_one_sided": JSONValue(sequence.oneSidedRho),
            "margin_one_sided": JSONValue(se * sequence.oneSidedMultiplier(subjects: n)),
        ]
    }

    static let proportions = OracleMethod("asymp_cs_proportion_difference") { input in
        let sequence = try ConfidenceSequence(input)
        let comparison = Comparison(
            control: try counts(input["control"]),
            treatment: try counts(input["treatment"])
        )
        let margin = try input["margin"].double
        var output = try compared(comparison, sequence)
        output["p_value_at_minus_margin"] = JSONValue(
            sequence.pValue(for: comparison.difference, hypothesis: -margin)
        )
        return .object(output)
    }

    static let means = OracleMethod("asymp_cs_mean_difference") { input in
        .object(
            try compared(
                Comparison(
                    control: try moments(input["control"]),
                    treatment: try moments(input["treatment"])
                ),
                ConfidenceSequence(input)
            )
        )
    }

    static let ratios = OracleMethod("ratio_metrics_by_user") { input in
        let control = try sums(input["control"])
        let treatment = try sums(input["treatment"])
        let sequence = try ConfidenceSequence(input)
        return [
            "cost_per_success": try ratio(\.costPerSuccess, control, treatment, sequence),
            "success_per_request": try ratio(\.successRate, control, treatment, sequence),
            "cost_per_request": try ratio(\.costPerRequest, control, treatment, sequence),
        ]
    }

    static let clusters = OracleMethod("cluster_variance") { input in
        let effect = try required(try sums(input).clusterEffect)
        return [
            "mean": JSONValue(effect.mean), "var_cluster_cr0": JSONValue(effect.uncorrectedVariance),
            "var_cluster_k_over_k_minus_1": JSONValue(effect.variance),
            "var_iid": JSONValue(effect.independentVariance),
            "design_effect": JSONValue(effect.designEffect),
            "effective_n": JSONValue(effect.effectiveRequests),
        ]
    }

    static let guardrails = OracleMethod("guardrail_excess") { input in
        let limit = try input["limit"].double
        let excess: Estimate
        switch try input["kind"].text {
        case "mean_at_most_ratio":
            excess = Comparison(
                control: try moments(input["control"]),
                treatment: try moments(input["treatment"])
            ).excess(overRatio: limit)
        case "rate_at_most_increase":
            excess = Comparison(
                control: try counts(input["control"], "events"),
                treatment: try counts(input["treatment"], "events")
            ).excess(overIncrease: limit)
        case let kind:
            throw MissingField(description: "no guardrail of kind \(kind)")
        }
        let interval = try ConfidenceSequence(input).interval(for: excess)
        return [
            "excess": JSONValue(excess.value), "se": JSONValue(excess.standardError),
            "excess_lower": JSONValue(interval.lower), "excess_upper": JSONValue(interval.upper),
        ]
    }

    static let epochs = OracleMethod("epoch_stratified_difference") { input in
        var pooledControl = Counts(successes: 0, trials: 0)
        var pooledTreatment = pooledControl
        let strata = try input["epochs"].array.map { epoch in
            let control = try epoch["control"]
            let treatment = try epoch["treatment"]
            pooledControl =
                pooledControl
                + Counts(
                    successes: try control["successes"].int,
                    trials: try control["n"].int
                )
            pooledTreatment =
                pooledTreatment
                + Counts(
                    successes: try treatment["successes"].int,
                    trials: try treatment["n"].int
                )
            return Comparison(control: try counts(control), treatment: try counts(treatment)).difference
        }
        let estimate = try required(Estimate.stratified(strata))
        let interval = try ConfidenceSequence(input).interval(for: estimate)
        let pooled = try required(pooledTreatment.rate) - required(pooledControl.rate)
        return [
            "pooled_difference_misleading": JSONValue(pooled),
            "stratified_difference": JSONValue(estimate.value), "se": JSONValue(estimate.standardError),
            "cs_lower": JSONValue(interval.lower), "cs_upper": JSONValue(interval.upper),
        ]
    }
}
