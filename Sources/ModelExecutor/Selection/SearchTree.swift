/// The steps that the candidates of a Monte Carlo tree search have tried, and what came of them.
///
/// A node is a step of a candidate's trajectory, the root is the prompt. Upper confidence bounds for trees (Kocsis
/// and Szepesvári, 2006) with progressive widening (Coulom, 2007), because a step is drawn from more possibilities
/// than can ever be tried. Simulations under way count as visits without a value, so that those which start together
/// go different ways.
struct SearchTree {
    private struct Node {
        /// Where to branch off: after that many steps of that candidate; nil for the root.
        var place: Branch?
        var parent: Int?
        var children: [Int] = []
        /// Branches that begin here and have not ended.
        var pending = 0
        var visits = 0
        var total = 0.0
        var isEnd = false
    }

    private var nodes = [Node()]
    /// Where each candidate that is under way began, by its index.
    private var origins: [Int: Int] = [:]

    /// Where the candidate begins; nil is the prompt.
    mutating func begin(_ candidate: Int, exploration: Double) -> Branch? {
        var index = 0
        while let child = descend(from: index, exploration) { index = child }
        nodes[index].pending += 1
        origins[candidate] = index
        visit(index) { $0.visits += 1 }
        return nodes[index].place
    }

    /// The best child to look further below, or nil to branch off here.
    private func descend(from index: Int, _ exploration: Double) -> Int? {
        let node = nodes[index]
        let branches = node.children.count + node.pending
        guard Double(branches) >= Double(node.visits + 1).squareRoot().rounded(.up) else { return nil }
        let logarithm = VectorMath.logarithm(Double(max(1, node.visits)))
        func bound(_ child: Int) -> Double {
            let visits = Double(max(1, nodes[child].visits))
            return nodes[child].total / visits + exploration * (logarithm / visits).squareRoot()
        }
        let best = node.children.max { bound($0) < bound($1) }
        return best.flatMap { nodes[$0].isEnd ? nil : $0 }
    }

    /// Takes note of how a candidate ended after so many steps: with this value, 0 to 1.
    mutating func end(_ candidate: Int, steps: Int, value: Double) {
        guard let origin = origins.removeValue(forKey: candidate) else { return }
        nodes[origin].pending -= 1
        visit(origin) { $0.total += value }
        var parent = origin
        for step
            in ((nodes[origin].place?.step ?? 0) + 1)..<max(steps + 1, (nodes[origin].place?.step ?? 0) + 1)
        {
            let place = Branch(candidate: candidate, step: step)
            nodes.append(Node(place: place, parent: parent, visits: 1, total: value))
            nodes[parent].children.append(nodes.count - 1)
            parent = nodes.count - 1
        }
        if parent != origin { nodes[parent].isEnd = true }
    }

    private mutating func visit(_ index: Int, _ change: (inout Node) -> Void) {
        var current: Int? = index
        while let node = current {
            change(&nodes[node])
            current = nodes[node].parent
        }
    }
}
