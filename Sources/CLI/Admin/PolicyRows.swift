import Policy
import Summary

/// One policy as the admin plane lists it.
struct PolicyRow: Codable {
    struct Arm: Codable {
        let id: String
        let share: String
        let mode: String
        let control: Bool
    }

    let id: String
    /// In force.
    let version: String
    /// Of the document.
    let document: String
    let file: String
    let phase: String?
    let priority: Int
    let arms: [Arm]

    static func print(_ rows: [PolicyRow], _ options: AdminOptions) throws {
        if options.json { return Swift.print(try JSONText.encode(rows)) }
        let header = ["policy", "file", "document", "in force", "rollout", "priority", "arms"]
        let cells = rows.map { row in
            [
                row.id, row.file, row.document, row.version, row.phase ?? "", "\(row.priority)",
                row.arms.map { "\($0.id) \($0.share)" }.joined(separator: ", "),
            ]
        }
        Swift.print(TextTable.words(header, cells))
    }
}

/// One version of a policy as the admin plane tells its story.
struct PolicyVersionRow: Codable {
    let version: String
    let firstSeen: Int
    let fromRollout: Bool
    let inForce: Bool
    let actor: String?
    let reason: String?

    static func print(_ rows: [PolicyVersionRow], _ options: AdminOptions) throws {
        if options.json { return Swift.print(try JSONText.encode(rows)) }
        let header = ["version", "first seen", "written by", "in force", "reason"]
        let cells = rows.map { row in
            [
                row.version, row.firstSeen.utc, row.fromRollout ? "a rollout" : row.actor ?? "",
                row.inForce ? "yes" : "", row.reason ?? "",
            ]
        }
        Swift.print(TextTable.words(header, cells))
    }
}

/// One thing that the gateway finds wrong with a document.
struct ProblemRow: Codable {
    let file: String
    let path: String
    let line: Int?
    let message: String
    let fix: String

    /// As `headgate validate` puts it.
    var words: String {
        "\(PolicyProblem(file: file, path: path, line: line, message: message, fix: fix))"
    }
}
