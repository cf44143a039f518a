import Policy
import Testing

@Suite struct PolicyVersionTests {
    private let plain = """
        policy: p
        arms:
          low: {share: 90%, mode: low, control: true}
          medium: {share: 10%, mode: medium}
        """

    @Test(
        arguments: [
            """
            # A comment.
            policy:   "p"

            arms:
              medium:
                mode: medium   # another
                share: 10.0%
              low: {control: true, share: 90%, mode: low}
            description: said otherwise
            """,
            #"{"arms": {"low": {"share": "90%", "mode": "low", "control": true}, "#
                + #""medium": {"share": "10%", "mode": "medium"}}, "policy": "p"}"#,
            """
            policy: p
            salt: p
            priority: 100
            limits: {deadline: 30000ms}
            modes: {spare: {k: 3}}
            arms:
              low: {share: 90%, mode: low, control: true}
              medium: {share: 10%, mode: medium}
            """,
        ]
    )
    func `how a document is written does not change its version`(other: String) throws {
        let policy = try SplitPolicy(other)
        #expect(try policy.version == SplitPolicy(plain).version, "\(policy.source)")
    }

    @Test(
        arguments: [
            ("policy: p", "policy: q"), ("90%", "89.99%"), ("mode: medium", "mode: high"),
            ("policy: p", "policy: p\nsalt: q"), ("policy: p", "policy: p\nblind: true"),
            ("policy: p", "policy: p\npriority: 1"), ("policy: p", "policy: p\nmetrics: {success: {}}"),
            ("policy: p", "policy: p\nlimits: {max_tokens: 9}"),
            ("policy: p", "policy: p\nclient_effort: cap"),
            ("policy: p", "policy: p\nmatch: {models: [m]}"),
            ("policy: p", "policy: p\nshadow: {mode: high, share: 5%}"),
        ]
    )
    func `what a document does changes its version`(from: String, to: String) throws {
        var text = plain.replacing(from, with: to)
        if to == "89.99%" { text = text.replacing("10%", with: "10.01%") }
        #expect(try SplitPolicy(text).version != SplitPolicy(plain).version, "\(from) to \(to)")
    }

    @Test func `another repetition penalty is another version`() throws {
        let versions = try ["", ", repetition_penalty: 1.05", ", repetition_penalty: 1.1"].map { penalty in
            let text = plain.replacing("mode: medium", with: "mode: own")
            return try SplitPolicy(text + "\nmodes: {own: {k: 8\(penalty)}}\n").version
        }
        #expect(Set(versions).count == 3, "\(versions)")
    }

    @Test func `the version is the first 12 digits of the normal form's SHA-256`() throws {
        // printf of the normal form into sha256sum.
        #expect(
            try SplitPolicy("policy: smallest\narms: {low: {share: 100%, mode: low}}").version
                == "af0c7e177d00"
        )
    }

    @Test func `the normal form reads back as the same policy`() throws {
        for policy in try PolicySet.load(folder: shippedPolicies).policies {
            let again = try SplitPolicy(policy.source)
            #expect(again.source == policy.source)
            #expect(again.version == policy.version)
            #expect(again.arms == policy.arms)
            #expect(again.decide == policy.decide)
        }
    }
}
