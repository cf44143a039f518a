import ArgumentParser
import Foundation
import NIOCore
import Policy
import Store
import Summary

/// `headgate review`: the requests that wait for a person's label.
struct ReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "List the requests that wait for a person's label, read one, label it.",
        subcommands: [List.self, Show.self, Label.self]
    )

    /// A request id as it is typed.
    static func requestID(_ text: String) throws -> RequestID {
        guard let id = RequestID(text) else {
            throw ValidationError("'\(text)' is no request id; headgate review list shows those that wait")
        }
        return id
    }
}

/// Where the record is.
struct RecordOptions: ParsableArguments {
    @Option(help: ArgumentHelp("SQLite file of the record.", valueName: "file"))
    var db = "headgate.db"

    @Flag(help: "Print the result as JSON.")
    var json = false
}

extension ReviewCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the requests that wait for a label, the oldest first.",
            discussion: """
                Which wait is for a policy's review section to say. One with an outcome of source human waits no more.

                Example:
                  headgate review list --db headgate.db
                """
        )

        @Option(help: "Only requests of this policy.")
        var policy: String?

        @Option(help: "How many, at most.")
        var limit = 50

        @OptionGroup var options: RecordOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1, not \(limit)") }
        }

        /// One request as `--json` prints it.
        struct Row: Encodable {
            let requestID: String
            let policy: PolicyID
            let version: PolicyVersion
            let arm: ArmID
            @OrNull var score: Double?
            let reason: ReviewReason

            enum CodingKeys: String, CodingKey {
                case requestID = "request_id"
                case policy, version, arm, score, reason
            }
        }

        func run() throws {
            let waiting = try RecordReader(path: options.db)
                .waitingReviews(of: policy.map { PolicyID(rawValue: $0) }, limit: limit)
            if options.json {
                let rows = waiting.map { review in
                    Row(
                        requestID: "\(review.request)",
                        policy: review.policy,
                        version: review.version,
                        arm: review.arm,
                        score: review.score,
                        reason: review.reason
                    )
                }
                return print(try JSONText.encode(rows))
            }
            if waiting.isEmpty { return note("no request waits for a label in \(options.db)") }
            let cells = waiting.map { review in
                [
                    "\(review.request)", "\(review.policy)@\(review.version)", "\(review.arm)",
                    review.score.map { $0.fixed(3) } ?? "–", review.reason.rawValue,
                ]
            }
            print(TextTable.words(["request", "policy", "arm", "score", "reason"], cells))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the words of a request, if its policy's capture section keeps them."
        )

        @Argument(help: "Id of the request.", transform: ReviewCommand.requestID)
        var request: RequestID

        @OptionGroup var options: RecordOptions

        struct Message: Codable {
            let role: String
            let content: String
        }

        struct Words: Encodable {
            let messages: [Message]
            let answer: String
            let isCut: Bool
        }

        func run() throws {
            guard let text = try RecordReader(path: options.db).capturedText(of: request) else {
                note("no words are kept of \(request); a policy keeps them with capture: {prompts: reviewed}")
                throw ExitCode(ExitStatus.refused)
            }
            let messages = try JSONDecoder().decode([Message].self, from: Data(text.prompt.utf8))
            if options.json {
                let words = Words(messages: messages, answer: text.answer, isCut: text.isCut)
                return print(try JSONText.encode(words))
            }
            for message in messages { print("\(message.role): \(message.content.printable)\n") }
            print("answer: \(text.answer.printable)")
            if text.isCut { note("cut for its length") }
        }
    }

    struct Label: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell a running gateway what a person says of a request.",
            discussion: """
                An outcome of source human, as POST /v1/outcomes takes it. Exit status 0 taken, 65 refused by the \
                gateway, 75 nobody answers.

                Example:
                  headgate review label 01a20d79-7252-7000-80cd-7987015b8496 --metric success --value 1
                """
        )

        @Argument(help: "Id of the request.", transform: ReviewCommand.requestID)
        var request: RequestID

        @Option(help: "Metric of the request's policy.")
        var metric: String

        @Option(help: "Its value: 1 for yes and 0 for no.")
        var value: Double

        @Option(help: "Address of the gateway.")
        var url = "https://127.0.0.1:8443"

        @OptionGroup var options: ClientOptions

        func run() async throws {
            let client = try GatewayClient.make(
                url: url,
                certificate: options.certificate,
                key: options.givenKey,
                timeout: .seconds(30),
                isPatient: false
            )
            let refusal: String?
            do {
                refusal = try await client.label("\(request)", metric: metric, value: value)
            } catch {
                try? await client.close()
                note("can't reach \(url): \(error)")
                throw ExitCode(ExitStatus.unreachable)
            }
            try await client.close()
            if let refusal {
                note("refused: \(refusal)")
                throw ExitCode(ExitStatus.refused)
            }
        }
    }
}

extension String {
    /// Without control characters but line breaks and tabs: a client's words must not steer a terminal.
    fileprivate var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.filter { scalar in
                    switch scalar.value {
                    case 0x09, 0x0A: true
                    case 0..<0x20, 0x7F..<0xA0: false
                    default: true
                    }
                }
            )
        )
    }
}
