/// The candidate that a misspelt word most likely meant; nil when none is near.
///
/// Near is at most two in five of the word's letters wrong, missing, added or swapped with a neighbour.
func nearest(_ word: String, among candidates: some Sequence<String>) -> String? {
    let letters = Array(word.lowercased().prefix(DocumentLimit.name))
    let ranked = candidates.map { (word: $0, edits: editDistance(letters, Array($0.lowercased()))) }
    let best = ranked.min { ($0.edits, $0.word) < ($1.edits, $1.word) }
    guard let best, best.edits <= max(1, max(letters.count, best.word.count) * 2 / 5) else { return nil }
    return best.word
}

/// `did you mean "share"? ` when something is near, otherwise nothing; then the choices.
func suggestion(for word: String, among candidates: [String]) -> String {
    let choices = candidates.joined(separator: ", ")
    guard let near = nearest(word, among: candidates) else { return "use one of: \(choices)" }
    return "did you mean \"\(near)\"? use one of: \(choices)"
}

private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let substitution = last[column] + (left[row] == right[column] ? 0 : 1)
            var edits = min(substitution, last[column + 1] + 1, current[column] + 1)
            let isSwap =
                row > 0 && column > 0 && left[row] == right[column - 1]
                && left[row - 1] == right[column]
            if isSwap { edits = min(edits, beforeLast[column - 1] + 1) }
            current.append(edits)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
