extension DocumentCheck {
    /// The limits with their defaults.
    ///
    /// A request that may wait for longer than it may take is told of its deadline and never that there was no
    /// room; one that falls back when it has waited needs time to run in then.
    mutating func limits() -> Limits {
        let deadline = document.deadline?.value ?? .seconds(30)
        let overload = document.overload?.value ?? .reject
        if let queue = document.queue, !isKnown("limits.deadline") {
            let (wait, most) = (Units.text(queue.value), Units.text(deadline))
            if queue.value > deadline {
                let message = "a wait of \(wait) is longer than the deadline, which is \(most)"
                let fix = "write at most \(most), or raise limits.deadline"
                report(queue.path, queue.line, message, fix: fix)
            } else if queue.value == deadline, overload == .degrade {
                let message = "a wait of \(wait) leaves a smaller mode no time until the deadline"
                let fix = "write less than \(most), or raise limits.deadline"
                report(queue.path, queue.line, message, fix: fix)
            }
        }
        return Limits(
            deadline: deadline,
            maxTokens: document.maxTokens?.value ?? 2_048,
            onOverload: overload,
            queue: document.queue?.value,
            tier: document.tier?.value ?? .standard
        )
    }
}
