import Policy
import Testing

@Suite struct LimitsTests {
    private func limits(_ text: String) throws -> Limits {
        try SplitPolicy(document("limits: {\(text)}")).limits
    }

    @Test(arguments: [
        ("deadline: 30s", Duration.seconds(5)), ("deadline: 10s", .seconds(5)),
        ("deadline: 9s", .milliseconds(4_500)),
        ("deadline: 101ms", .milliseconds(50)), ("tier: flex", .seconds(5)),
    ])
    func `a wait that is not said leaves at least half of the deadline`(text: String, queue: Duration) throws
    {
        #expect(try limits(text).queue == queue)
    }

    @Test(arguments: [
        "queue: 30s", "deadline: 2s, queue: 2s", "on_overload: degrade, queue: 29999ms", "queue: 1ms",
    ])
    func `a wait may last until the deadline, or end before it where a smaller mode follows`(text: String) {
        #expect(throws: Never.self, "\(text)") { try limits(text) }
    }

    @Test(arguments: [
        ("queue: 30001ms", "a wait of 30001ms is longer than the deadline, which is 30s"),
        ("deadline: 2s, queue: 3s", "a wait of 3s is longer than the deadline, which is 2s"),
        (
            "on_overload: degrade, queue: 30s",
            "a wait of 30s leaves a smaller mode no time until the deadline"
        ),
        ("queue: 0ms", "\"0ms\" is not a time from 1ms to 1h"),
        // The deadline can't be read, so the wait isn't judged by it.
        ("deadline: 1ms, queue: 40s", "\"1ms\" is not a time from 100ms to 1h"),
    ])
    func `a wait past the deadline is refused`(text: String, message: String) {
        #expect(problems(of: document("limits: {\(text)}")).map(\.message) == [message])
    }
}
