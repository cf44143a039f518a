extension DocumentShape {
    static let decide = DocumentShape.section(
        SectionShape(
            keys: [
                DocumentKey(
                    "primary",
                    "What the decision is about.",
                    .keys(
                        DocumentKey("metric", "One of the metrics.", .name, isRequired: true),
                        DocumentKey(
                            "margin",
                            "What the difference to control must beat; below 0% it is non-inferiority.",
                            .percentage(-9_999...9_999)
                        )
                    ),
                    isRequired: true
                ),
                DocumentKey(
                    "alpha",
                    "The chance of ever deciding wrongly.",
                    .decimal(
                        DecimalRange(
                            lower: 0,
                            upper: 0.5,
                            includesLower: false,
                            includesUpper: false,
                            example: "0.05"
                        )
                    )
                ),
                DocumentKey(
                    "planned_subjects",
                    "Subjects at which the intervals are tightest.",
                    .integer(1...mostSubjects)
                ),
                DocumentKey(
                    "minimum",
                    "What each arm must have before there is an interval.",
                    .keys(
                        DocumentKey("subjects", "Subjects.", .integer(1...mostSubjects)),
                        DocumentKey("successes", "Successes.", .integer(1...mostSubjects)),
                        DocumentKey("failures", "Failures.", .integer(1...mostSubjects))
                    )
                ),
                DocumentKey("guardrails", "Limits that every arm must respect.", guardrails),
            ],
            unavailable: ["value_per_success": "remove it; nothing weighs success against a price"]
        )
    )

    private static let guardrails = DocumentShape.list(
        of: .keys(
            DocumentKey("metric", "What is limited.", .word(Guardrail.Metric.self), isRequired: true),
            DocumentKey(
                "at_most_ratio",
                "How many times control's value it may be.",
                .decimal(DecimalRange(lower: 0, upper: 1_000, includesLower: false, example: "1.5"))
            ),
            DocumentKey(
                "at_most_increase",
                "How far above control's rate it may be.",
                .percentage(0...9_999)
            )
        ),
        limit: Guardrail.Metric.allCases.count
    )

    static let modes = DocumentShape.entries(
        of: .section(SectionShape(keys: sampling + effort)),
        limit: DocumentLimit.modes
    )

    private static let sampling = [
        DocumentKey("k", "Candidates of each request.", .integer(1...Mode.candidateLimit), isRequired: true),
        DocumentKey("select", "How the answer is picked.", .word(SelectionRule.self)),
        DocumentKey(
            "temperature",
            "The request's when left out.",
            .decimal(DecimalRange(lower: 0, upper: 2, example: "0.8"))
        ),
        DocumentKey(
            "top_p",
            "The request's when left out.",
            .decimal(DecimalRange(lower: 0, upper: 1, includesLower: false, example: "0.95"))
        ),
        DocumentKey("top_k", "0 is off; the request's when left out.", .integer(0...1_000)),
        DocumentKey(
            "repetition_penalty",
            "1 is off; the request's when left out.",
            .decimal(DecimalRange(lower: Mode.leastRepetitionPenalty, upper: 2, example: "1.05"))
        ),
    ]

    private static let effort = [
        DocumentKey(
            "prune",
            "At each rung of steps the best share goes on.",
            .keys(
                DocumentKey(
                    "keep",
                    "The share that goes on.",
                    .decimal(
                        DecimalRange(
                            lower: PruneRule.leastKeep,
                            upper: 1,
                            includesUpper: false,
                            example: "0.5"
                        )
                    )
                ),
                DocumentKey("after_steps", "The first rung.", .integer(1...PruneRule.mostSteps)),
                DocumentKey("audit", "Share of requests that run in full.", .percentage(0...10_000))
            )
        ),
        DocumentKey(
            "adaptive",
            "Candidates in stages, until the pick is likely enough to be right.",
            .keys(
                DocumentKey(
                    "stages",
                    "Candidates by the end of each stage, up to k.",
                    .list(of: .integer(1...Mode.candidateLimit), limit: AdaptiveRule.mostStages)
                ),
                DocumentKey(
                    "confidence",
                    "How likely is enough.",
                    .decimal(
                        DecimalRange(
                            lower: 0.5,
                            upper: 1,
                            includesLower: false,
                            includesUpper: false,
                            example: "0.9"
                        )
                    )
                )
            )
        ),
        DocumentKey("search", "Experimental: another way for candidates to come about.", search),
        DocumentKey(
            "token_budget",
            "No candidate starts, after the first, that would likely bring the tokens of all past it.",
            .integer(1...100_000_000)
        ),
    ]

    private static let search = DocumentShape.section(
        SectionShape(
            keys: [
                DocumentKey(
                    "beam",
                    "The best steps go on.",
                    .keys(
                        DocumentKey(
                            "width",
                            "How many go on.",
                            .integer(1...Mode.candidateLimit),
                            isRequired: true
                        ),
                        DocumentKey("every_steps", "How often.", .integer(1...PruneRule.mostSteps))
                    )
                ),
                DocumentKey(
                    "mcts",
                    "A tree of steps.",
                    .keys(
                        DocumentKey(
                            "exploration",
                            "How far to stray from the best.",
                            .decimal(DecimalRange(lower: 0, upper: 100, example: "1.0"))
                        ),
                        DocumentKey(
                            "parallel",
                            "Simulations at once.",
                            .integer(1...Mode.candidateLimit)
                        )
                    )
                ),
            ],
            isChoice: true
        )
    )
}
