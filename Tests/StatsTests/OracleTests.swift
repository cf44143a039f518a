import Testing

@Suite struct OracleTests {
    static let methods: [OracleMethod] = [
        .margin, .proportions, .means, .ratios, .clusters, .guardrails, .epochs, .betaBinomial, .eventRatio,
        .sampleRatio, .missing, .quantile, .quantileGuardrail, .netBenefit, .decision,
    ]

    /// Sets whose methods the product does not have. A set in the file that is neither here nor above fails.
    static let notImplemented: Set<String> = [
        "cuped_sequential", "bernoulli_cs_tuned", "product_beta_binomial_difference", "uniform_boundaries",
        "bounded_mean_cs", "ate_empirical_bernstein", "quantile_cs", "quantile_ab", "multiplicity",
        "calibration", "review_threshold", "peer_formulas",
    ]

    @Test(arguments: methods)
    func `a method agrees with every reference vector of its set`(method: OracleMethod) throws {
        let vectors = try #require(
            try OracleFile.loaded.get().sets[method.name],
            "no set in \(OracleFile.path)"
        )
        try #require(!vectors.cases.isEmpty)
        for (index, example) in vectors.cases.enumerated() {
            let differences = example.output.differences(
                to: try method.output(example.input),
                relative: vectors.tolerance.rel,
                absolute: vectors.tolerance.abs,
                path: "\(method.name)[\(index)]"
            )
            #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        }
    }

    @Test func `every reference set is either implemented or named as not implemented`() throws {
        let file = Set(try OracleFile.loaded.get().sets.keys)
        let implemented = Set(Self.methods.map(\.name))
        #expect(file.subtracting(implemented).subtracting(Self.notImplemented).isEmpty)
        #expect(implemented.isDisjoint(with: Self.notImplemented))
    }
}
