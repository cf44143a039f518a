import Stats

private func arm(_ value: JSONValue) throws -> MissingOutcomes.ArmCounts {
    MissingOutcomes.ArmCounts(
        assigned: try value["assigned"].int,
        successes: try value["successes"].int,
        missing: try value["missing"].int
    )
}

private func bounds(
    _ latencies: JSONValue,
    at p: Double,
    _ sequence: ConfidenceSequence
) throws -> Interval {
    let values = try latencies.array.map { try $0.doubles }
    return try required(ClusteredQuantile(p, of: values, sequence: sequence)).interval
}

extension OracleMethod {
    static let betaBinomial = OracleMethod("beta_binomial_cs") { input in
        let sequence = BetaBinomialSequence(
            alpha: try input["alpha"].double,
            priorSuccesses: try input["prior_a"].double,
            priorFailures: try input["prior_b"].double
        )
        let interval = sequence.interval(
            for: Counts(successes: try input["successes"].int, trials: try input["n"].int)
        )
        return ["cs_lower": JSONValue(interval.lower), "cs_upper": JSONValue(interval.upper)]
    }

    static let eventRatio = OracleMethod("event_count_ratio") { input in
        let ratio = EventCountRatio(
            alpha: try input["alpha"].double,
            controlShare: try input["assignment_prob_control"].double,
            treatmentShare: try input["assignment_prob_treatment"].double,
            priorStrength: try input["prior_k"].double
        )
        let control = try input["events_control"].int
        let treatment = try input["events_treatment"].int
        let interval = ratio.logRatioInterval(control: control, treatment: treatment)
        return [
            "log_e_at_equal_rates": JSONValue(ratio.logEvidence(control: control, treatment: treatment)),
            "p_value": JSONValue(ratio.pValue(control: control, treatment: treatment)),
            "log_ratio_lower": JSONValue(interval.lower), "log_ratio_upper": JSONValue(interval.upper),
        ]
    }

    static let sampleRatio = OracleMethod("srm_sequential") { input in
        var check = SampleRatioCheck(
            shares: try input["weights"].doubles,
            alpha: try input["alpha"].double,
            priorStrength: try input["prior_k"].double
        )
        let steps = try input["batches"].array.map { batch -> JSONValue in
            check.add(try batch.ints)
            return [
                "counts": .array(check.counts.map { JSONValue(Double($0)) }),
                "log_e": JSONValue(check.logEvidence), "p_value": JSONValue(check.pValue),
                "running_min_p": JSONValue(check.smallestPValue), "mismatch": .bool(check.isMismatch),
                "fixed_n_chi2_p": JSONValue(check.chiSquarePValue),
            ]
        }
        return ["after_each_batch": .array(steps)]
    }

    static let missing = OracleMethod("missing_outcomes") { input in
        let outcomes = try required(
            MissingOutcomes(control: try arm(input["control"]), treatment: try arm(input["treatment"]))
        )
        let sequence = try ConfidenceSequence(input)
        return [
            "missing_rate_difference": bounded(outcomes.missingRateDifference, sequence),
            "complete_case": bounded(outcomes.completeCases, sequence),
            "worst_case_for_treatment": bounded(outcomes.worstCase, sequence),
            "best_case_for_treatment": bounded(outcomes.bestCase, sequence),
        ]
    }

    static let quantile = OracleMethod("clustered_quantile_cs") { input in
        let quantile = try required(
            ClusteredQuantile(
                try input["p"].double,
                of: try input["latencies_by_user"].array.map { try $0.doubles },
                sequence: ConfidenceSequence(input)
            )
        )
        return [
            "quantile": JSONValue(quantile.value), "cs_lower": JSONValue(quantile.interval.lower),
            "cs_upper": JSONValue(quantile.interval.upper),
        ]
    }

    static let quantileGuardrail = OracleMethod("clustered_quantile_guardrail") { input in
        let sequence = ConfidenceSequence(
            alpha: try input["alpha"].double / 2,
            plannedSubjects: try input["n_star_per_arm"].double
        )
        let p = try input["p"].double
        let control = try bounds(input["control_latencies_by_user"], at: p, sequence)
        let treatment = try bounds(input["treatment_latencies_by_user"], at: p, sequence)
        let excess = ClusteredQuantile.excess(
            control: control,
            treatment: treatment,
            overRatio: try input["at_most_ratio"].double
        )
        return [
            "control": ["cs_lower": JSONValue(control.lower), "cs_upper": JSONValue(control.upper)],
            "treatment": ["cs_lower": JSONValue(treatment.lower), "cs_upper": JSONValue(treatment.upper)],
            "excess_lower": JSONValue(excess.lower), "excess_upper": JSONValue(excess.upper),
        ]
    }

    static let netBenefit = OracleMethod("net_benefit_roi") { input in
        let benefit = try required(
            NetBenefit(
                control: sums(try input["control"]),
                treatment: sums(try input["treatment"]),
                valuePerSuccess: try input["value_per_success"].double,
                sequence: ConfidenceSequence(input)
            )
        )
        var fieller: [String: JSONValue] = ["bounded": .bool(benefit.costPerExtraSuccess != nil)]
        if let interval = benefit.costPerExtraSuccess {
            fieller["icer_lower"] = JSONValue(interval.lower)
            fieller["icer_upper"] = JSONValue(interval.upper)
        }
        return [
            "delta_success_rate": JSONValue(benefit.successDifference),
            "delta_cost_per_request": JSONValue(benefit.costDifference),
            "roi_success_per_cost": JSONValue(try required(benefit.successPerCost)),
            "icer_cost_per_extra_success": JSONValue(try required(benefit.costPerSuccess)),
            "net_benefit": JSONValue(benefit.difference.value),
            "net_benefit_se": JSONValue(benefit.difference.standardError),
            "cs_lower": JSONValue(benefit.interval.lower), "cs_upper": JSONValue(benefit.interval.upper),
            "fieller_anytime": .object(fieller),
        ]
    }

    static let decision = OracleMethod("decision_rule") { input in
        let excesses = try input["guardrails"].array.map {
            Interval(lower: try $0["excess_lower"].double, upper: try $0["excess_upper"].double)
        }
        let primary = try input["primary"]
        let verdict = Verdict(
            sound: try input["sound"].bool,
            holdMet: try input["hold_met"].bool,
            guardrailExcesses: excesses,
            primary: Interval(lower: try primary["cs_lower"].double, upper: try primary["cs_upper"].double),
            margin: try primary["margin"].double
        )
        return ["verdict": .text(verdict.decision.rawValue), "reason": .text(verdict.rule.rawValue)]
    }
}
