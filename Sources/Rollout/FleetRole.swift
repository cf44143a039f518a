internal import Policy
public import Store

/// The gateways with which one shares its rollouts.
public struct Fleet: Sendable {
    public let book: FleetBook
    /// The name by which the others know this gateway; no two may have the same.
    public let gateway: String

    public init(book: FleetBook, gateway: String) {
        self.book = book
        self.gateway = gateway
    }
}

/// Whether a gateway may move the rollouts.
///
/// One controls them, the others follow. Harm is what anyone may end: a rollback by an operator is taken from every
/// gateway, and one that has lost sight of the others still rolls back what it can prove.
enum FleetRole: Sendable, Hashable {
    /// There are no others.
    case alone
    case controller(term: Int64)
    case follower(of: String)
    /// The fleet's file can't be read, so who controls is not known.
    case cutOff(because: String)

    /// The term under which this gateway writes; nil where it may only roll back.
    var term: Int64? {
        if case .controller(let term) = self { term } else { nil }
    }

    /// Why the evidence is no matter of this gateway's; nil where it is.
    var whyNotJudged: String? {
        if case .follower = self { description } else { nil }
    }

    func check(_ command: OperatorCommand) throws(RolloutRefusal) {
        switch self {
        case .alone, .controller: return
        case .follower, .cutOff:
            guard command != .rollback else { return }
            throw RolloutRefusal(description: "\(description); only a rollback is taken here")
        }
    }

    /// For a step that the evidence asks for.
    func check(_ move: RolloutMove) throws(RolloutRefusal) {
        guard case .cutOff = self, !move.isRollback else { return }
        throw RolloutRefusal(description: "\(description); only a rollback is done without it")
    }
}

extension FleetRole: CustomStringConvertible {
    var description: String {
        switch self {
        case .alone: "this gateway is alone"
        case .controller: "this gateway controls the rollouts"
        case .follower(let controller): "gateway \(controller) controls the rollouts"
        case .cutOff(let reason): "the fleet can't be reached (\(reason))"
        }
    }
}
