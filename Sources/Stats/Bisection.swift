/// The point between `inside` and `outside` where `holds` stops being true, to the last bit of a `Double`.
///
/// `holds` must be true at `inside`, false at `outside` and change once between them. Bisection rather than a
/// faster root finder, because it cannot leave its bracket and the functions here cost nothing.
func boundary(inside: Double, outside: Double, holds: (Double) -> Bool) -> Double {
    var good = inside
    var bad = outside
    // 1,200 halvings carry any pair of finite doubles to neighbours; the loop ends long before.
    for _ in 0..<1_200 {
        let middle = good + (bad - good) / 2
        if middle == good || middle == bad { break }
        if holds(middle) { good = middle } else { bad = middle }
    }
    return good
}
