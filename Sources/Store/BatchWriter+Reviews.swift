internal import FoundationEssentials
internal import GRDB
internal import Policy

extension BatchWriter {
    /// What a completion has beside the row of its request.
    func appendDetails(of completion: CompletionRecord, _ db: Database) throws {
        let key = completion.id.key
        if !completion.candidates.isEmpty {
            let insert = try db.cachedStatement(sql: "INSERT INTO candidate (request, packed) VALUES (?, ?)")
            try insert.execute(arguments: [key, Data(CandidateCoding.pack(completion.candidates))])
        }
        if let reason = completion.review {
            let insert = try db.cachedStatement(sql: "INSERT INTO review (request, reason) VALUES (?, ?)")
            try insert.execute(arguments: [key, reason.code])
        }
        if let text = completion.captured {
            let insert = try db.cachedStatement(
                sql: "INSERT INTO capture (request, prompt, answer, is_cut) VALUES (?, ?, ?, ?)"
            )
            try insert.execute(arguments: [key, text.prompt, text.answer, text.isCut])
        }
    }
}
