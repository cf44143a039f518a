extension DocumentShape {
    /// A whole policy document.
    static let document = DocumentShape.section(
        SectionShape(
            keys: head + [
                DocumentKey("arms", "What the traffic is split over.", arms, isRequired: true),
                DocumentKey("modes", "Thinking efforts of the policy's own.", modes),
                DocumentKey("overrides", "Requests that get a certain arm.", overrides),
                DocumentKey("limits", "What one request may spend.", limits),
                DocumentKey("metrics", "Outcomes that are counted.", metrics),
                DocumentKey("decide", "What makes a go and a no-go.", decide),
                DocumentKey("rollout", "How an arm's share grows.", rollout),
                DocumentKey("review", "Which completed requests wait for a person's label.", review),
                DocumentKey(
                    "capture",
                    "What is kept of the words of requests; nothing when left out.",
                    capture
                ),
                DocumentKey(
                    "shadow",
                    "A share of completed requests also runs in another mode, unseen.",
                    shadow
                ),
            ]
        )
    )

    private static let head = [
        DocumentKey("policy", "Name of the policy.", .name, isRequired: true),
        DocumentKey(
            "description",
            "What it is for; not part of the version.",
            .text(limit: DocumentLimit.description, breaks: true)
        ),
        DocumentKey(
            "priority",
            "Unique in the folder; the lowest is asked first. 100 when left out.",
            .integer(0...1_000_000)
        ),
        DocumentKey("match", "Which requests the policy covers; all when left out.", match),
        DocumentKey(
            "subject",
            "The unit of randomisation; a subject keeps its arm.",
            .keys(
                DocumentKey(
                    "from",
                    "Where to look for the subject, in order.",
                    .list(of: .source, limit: DocumentLimit.subjectSources)
                ),
                DocumentKey("otherwise", "What to do without one.", .word(SubjectRule.Fallback.self))
            )
        ),
        DocumentKey(
            "salt",
            "Another salt deals all subjects anew; the policy's name when left out.",
            .text(limit: DocumentLimit.text)
        ),
        DocumentKey(
            "client_effort",
            "What a client's own reasoning_effort does.",
            .word(ClientEffort.self)
        ),
        DocumentKey("blind", "Hide arm and scores from clients.", .flag),
    ]

    private static let match = DocumentShape.keys(
        DocumentKey("models", "Model names; a final * stands for any ending.", .patterns),
        DocumentKey("headers", "Headers that must be satisfied, all of them.", .headers),
        DocumentKey("tags", "Tags, of which the client's key must have one.", .patterns),
        DocumentKey(
            "traffic",
            "How much of what matches is covered, by subject; all when left out.",
            .percentage(1...10_000)
        )
    )

    private static let arms = DocumentShape.entries(
        of: .keys(
            DocumentKey(
                "share",
                "Percentage in steps of 0.01%; all add up to 100%.",
                .percentage(0...10_000),
                isRequired: true
            ),
            DocumentKey("mode", "A built-in mode, or one under modes.", .name, isRequired: true),
            DocumentKey("control", "The arm that the others are compared with.", .flag)
        ),
        limit: DocumentLimit.arms
    )

    private static let overrides = DocumentShape.list(
        of: .keys(
            DocumentKey("header", "Headers that must be satisfied, all of them.", .headers),
            DocumentKey("keys", "Names of clients' keys, of which the request's must be one.", .patterns),
            DocumentKey("arm", "The arm that such requests get.", .name, isRequired: true)
        ),
        limit: DocumentLimit.overrides
    )

    private static let limits = DocumentShape.keys(
        DocumentKey(
            "deadline",
            "From arrival to the last byte.",
            .duration(.milliseconds(100)...(.seconds(3_600)))
        ),
        DocumentKey(
            "max_tokens",
            "Of each candidate, thinking and answer together.",
            .integer(1...1_000_000)
        ),
        DocumentKey("on_overload", "What happens without a place.", .word(Limits.Overload.self)),
        DocumentKey(
            "queue",
            "How long a request may wait for a place.",
            .duration(.milliseconds(1)...(.seconds(3_600)))
        ),
        DocumentKey("tier", "Who goes first.", .word(Limits.Tier.self))
    )

    private static let metrics = DocumentShape.entries(
        of: .keys(
            DocumentKey("kind", "What its values are.", .word(MetricRule.Kind.self)),
            DocumentKey("better", "Which way is better.", .word(MetricRule.Direction.self)),
            DocumentKey(
                "window",
                "How long after the assignment an outcome counts.",
                .duration(.seconds(1)...longestTime)
            )
        ),
        limit: DocumentLimit.metrics
    )

    private static let rollout = DocumentShape.keys(
        DocumentKey("arm", "The arm whose share grows; not the control.", .name, isRequired: true),
        DocumentKey(
            "stages",
            "Its shares, rising; with the last the rollout is done.",
            .list(of: .percentage(0...10_000), limit: DocumentLimit.stages),
            isRequired: true
        ),
        DocumentKey(
            "hold",
            "What a stage takes at least.",
            .keys(
                DocumentKey("time", "Its length.", .duration(.zero...longestTime)),
                DocumentKey("subjects", "Subjects in the arm.", .integer(0...mostSubjects))
            )
        ),
        DocumentKey("advance", "Who begins the next stage.", .word(RolloutRule.Advance.self)),
        DocumentKey("on_no_go", "What a provably bad stage leads to.", .word(RolloutRule.NoGo.self)),
        DocumentKey(
            "freeze",
            "When nothing advances by itself, in UTC.",
            .list(
                of: .keys(
                    DocumentKey(
                        "days",
                        "Days on which it begins; all when left out.",
                        .list(
                            of: .word(FreezeWindow.Weekday.self),
                            limit: FreezeWindow.Weekday.allCases.count
                        )
                    ),
                    DocumentKey("from", "Such as 20:00; with to.", .timeOfDay),
                    DocumentKey("to", "Such as 06:00, past midnight if not after from.", .timeOfDay)
                ),
                limit: DocumentLimit.freezeWindows
            )
        )
    )

    private static let review = DocumentShape.keys(
        DocumentKey(
            "when_score_below",
            "Those whose answer scored less.",
            .decimal(DecimalRange(lower: 0, upper: 1, includesLower: false, example: "0.4"))
        ),
        DocumentKey("sample", "This part of all.", .percentage(1...10_000))
    )

    private static let capture = DocumentShape.section(
        SectionShape(
            keys: [
                DocumentKey("prompts", "Whose messages and answers are kept.", .word(CaptureRule.self))
            ],
            unavailable: ["steps": "remove it; no steps are captured"]
        )
    )

    private static let shadow = DocumentShape.keys(
        DocumentKey("mode", "That mode: a built-in one, or one under modes.", .name, isRequired: true),
        DocumentKey("share", "Of those requests.", .percentage(1...10_000), isRequired: true),
        DocumentKey(
            "arms",
            "Whose requests; all that are served in another mode when left out.",
            .list(of: .name, limit: DocumentLimit.arms)
        )
    )

    static let longestTime = Duration.seconds(90 * 86_400)
    static let mostSubjects = 100_000_000
}
