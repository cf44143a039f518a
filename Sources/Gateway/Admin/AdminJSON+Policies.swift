internal import Policy
internal import Store

/// One policy as the admin plane lists it.
struct ListedPolicy {
    let inForce: SplitPolicy
    /// Of the document, in which no rollout's share is.
    let document: PolicyVersion
    let file: String
    /// Nil without a rollout.
    let phase: String?
}

extension AdminJSON {
    static func policies(_ policies: [ListedPolicy]) -> [UInt8] {
        list("policies", policies, write)
    }

    static func policy(_ policy: ListedPolicy) -> [UInt8] {
        var writer = JSONWriter()
        write(policy, &writer)
        return writer.bytes
    }

    static func removal(of id: PolicyID, at version: PolicyVersion?) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id.rawValue)
            writer.member("removed", version?.rawValue)
        }
        return writer.bytes
    }

    static func verdict(_ verdict: PolicyVerdict) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.problems("problems", verdict.problems)
            writer.problems("warnings", verdict.warnings)
        }
        return writer.bytes
    }

    /// - Parameter inForce: the version whose shares hold now; nil where the policy is gone.
    static func versions(_ versions: [PolicyVersionRecord], inForce: PolicyVersion?) -> [UInt8] {
        list("versions", versions) { version, writer in
            writer.object { writer in
                writer.member("version", version.version.rawValue)
                writer.member("first_seen", version.firstSeen.seconds)
                writer.key("from_rollout")
                writer.value(version.isFromRollout)
                writer.key("in_force")
                writer.value(version.version == inForce)
                writer.member("actor", version.introduction?.actor)
                writer.member("reason", version.introduction?.reason)
            }
        }
    }

    private static func write(_ policy: ListedPolicy, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", policy.inForce.id.rawValue)
            writer.member("version", policy.inForce.version.rawValue)
            writer.member("document", policy.document.rawValue)
            writer.member("file", policy.file)
            writer.member("phase", policy.phase)
            writer.member("priority", policy.inForce.priority)
            writer.key("arms")
            writer.array { writer in
                for arm in policy.inForce.arms { write(arm, &writer) }
            }
        }
    }

    private static func write(_ arm: Arm, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", arm.id.rawValue)
            writer.member("share", arm.share.description)
            writer.member("mode", arm.mode.name.rawValue)
            writer.key("control")
            writer.value(arm.isControl)
        }
    }
}

extension JSONWriter {
    /// Problems by their files' own names: where the folder is, is nobody's matter out there.
    mutating func problems(_ name: StaticString, _ problems: [PolicyProblem]) {
        key(name)
        array { writer in
            for problem in problems {
                writer.object { writer in
                    writer.member("file", PolicyFile(name: problem.file, bytes: []).shortName)
                    writer.member("path", problem.path)
                    writer.member("line", problem.line)
                    writer.member("message", problem.message)
                    writer.member("fix", problem.fix)
                }
            }
        }
    }
}
