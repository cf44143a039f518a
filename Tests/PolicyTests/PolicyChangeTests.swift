import Policy
import Testing

@Suite struct PolicyChangeTests {
    private let plain = """
        policy: p
        salt: one
        arms:
          low: {share: 90%, mode: low, control: true}
          medium: {share: 10%, mode: medium}
        overrides: [{header: {x-a: a}, arm: low}, {header: {x-b: b}, arm: medium}]
        metrics: {success: {}}
        decide: {primary: {metric: success}, guardrails: [{metric: latency_p95, at_most_ratio: 4}]}
        """

    /// `SECTION: OLD => NEW`, with nothing where there is none.
    private func changes(_ from: String, _ to: String) throws -> [String] {
        try SplitPolicy(plain).changes(to: SplitPolicy(plain.replacing(from, with: to))).map { change in
            "\(change.section): \(change.old ?? "") => \(change.new ?? "")"
        }
    }

    @Test(
        arguments: [
            ("salt: one", "salt: two", [#"salt: "one" => "two""#]),
            ("salt: one", "salt: one\nblind: true", ["blind: false => true"]),
            ("salt: one", "salt: one\nmatch: {models: [m]}", [#"match:  => models: ["m"]"#]),
            (
                "medium: {share: 10%, mode: medium}", "medium: {share: 10%, mode: high}",
                [
                    #"arms: "medium": {share: 10%, mode: "medium", control: false} "#
                        + #"=> "medium": {share: 10%, mode: "high", control: false}"#
                ]
            ),
            (
                "low: {share: 90%, mode: low, control: true}",
                "low: {share: 80%, mode: low, control: true}\n  new: {share: 10%, mode: low}",
                [
                    #"arms: "low": {share: 90%, mode: "low", control: true} "#
                        + #"=> "low": {share: 80%, mode: "low", control: true}"#,
                    #"arms:  => "new": {share: 10%, mode: "low", control: false}"#,
                ]
            ),
            (
                "metrics: {success: {}}", "metrics: {success: {window: 1h}, tone: {}}",
                [
                    #"metrics: "success": {kind: binary, better: higher, window: 1d} "#
                        + #"=> "success": {kind: binary, better: higher, window: 1h}"#,
                    #"metrics:  => "tone": {kind: binary, better: higher, window: 1d}"#,
                ]
            ),
            (
                "at_most_ratio: 4", "at_most_ratio: 5",
                [
                    "decide.guardrails: {metric: latency_p95, at_most_ratio: 4.0} => ",
                    "decide.guardrails:  => {metric: latency_p95, at_most_ratio: 5.0}",
                ]
            ),
            (
                "{primary: {metric: success}", "{alpha: 0.1, primary: {metric: success}",
                ["decide: alpha: 0.05 => alpha: 0.1"]
            ),
        ]
    )
    func `a change is the lines of the normal form that differ`(from: String, to: String, expected: [String])
        throws
    {
        #expect(try changes(from, to) == expected)
    }

    @Test func `overrides in another order are a change, for the first that applies wins`() throws {
        let swapped = "[{header: {x-b: b}, arm: medium}, {header: {x-a: a}, arm: low}]"
        let changed = try changes("[{header: {x-a: a}, arm: low}, {header: {x-b: b}, arm: medium}]", swapped)
        #expect(changed.count == 2 && changed.allSatisfy { $0.hasPrefix("overrides: ") }, "\(changed)")
    }

    @Test(arguments: ["# said\n", "description: said\n", "priority: 100\n", "client_effort: ignore\n"])
    func `what does not change the version is no change`(line: String) throws {
        let (old, new) = try (SplitPolicy(plain), SplitPolicy(line + plain))
        #expect(old.version == new.version)
        #expect(old.changes(to: new) == [])
    }
}
