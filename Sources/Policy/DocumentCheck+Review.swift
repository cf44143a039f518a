extension DocumentCheck {
    mutating func review() -> ReviewRule? {
        guard let entry = document.review else { return nil }
        if !entry.hasRule {
            let fix = "add when_score_below: such as 0.4, or sample: such as 1%"
            report(entry.path, entry.line, "the review asks for no request", fix: fix)
        }
        return ReviewRule(scoreBelow: entry.scoreBelow?.value, sample: entry.sample?.value)
    }

    mutating func capture() -> CaptureRule {
        guard let capture = document.capture else { return .none }
        if capture.value == .reviewed, document.review == nil, !isKnown("review") {
            let fix = "add review, or write all"
            report(capture.path, capture.line, "no request is reviewed", fix: fix)
        }
        return capture.value
    }
}
