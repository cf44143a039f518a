internal import Policy
internal import Store

/// The bodies that the admin plane answers with.
enum AdminJSON {
    static func rollouts(_ rollouts: [RolloutStatus]) -> [UInt8] {
        list("rollouts", rollouts, write)
    }

    static func rollout(_ rollout: RolloutStatus) -> [UInt8] {
        var writer = JSONWriter()
        write(rollout, &writer)
        return writer.bytes
    }

    static func audit(_ lines: [AuditRecord]) -> [UInt8] {
        list("audit", lines) { line, writer in
            writer.object { writer in
                writer.member("time", line.time?.seconds)
                writer.member("actor", line.actor)
                writer.member("action", line.action)
                writer.member("policy", line.policy?.rawValue)
                writer.member("before", line.before)
                writer.member("after", line.after)
                writer.member("reason", line.reason)
            }
        }
    }

    static func list<Element>(
        _ name: StaticString,
        _ elements: [Element],
        _ write: (Element, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key(name)
            writer.array { writer in
                for element in elements { write(element, &writer) }
            }
        }
        return writer.bytes
    }

    private static func write(_ rollout: RolloutStatus, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("policy", rollout.policy.rawValue)
            writer.member("arm", rollout.arm.rawValue)
            writer.member("phase", rollout.phase)
            writer.member("share", rollout.share.description)
            writer.key("stages")
            writer.array { writer in
                for stage in rollout.stages { writer.value(stage.description) }
            }
            writer.member("since", rollout.since)
            writer.member("version", rollout.version.rawValue)
            writer.member("waits_for", rollout.waitsFor)
        }
    }
}
