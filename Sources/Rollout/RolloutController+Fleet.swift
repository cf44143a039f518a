internal import Logging
internal import Policy
internal import Store

extension RolloutController {
    /// Renews control or takes it if it is free, and catches up with the fleet. Every message begins with this, so
    /// nothing is decided on what was true before.
    func takeTurn(_ desk: inout RolloutDesk) async {
        guard let fleet else { return }
        let before = desk.role
        do throws(StoreError) {
            let turn = try await fleet.book.turn(of: fleet.gateway, at: now())
            desk.role =
                turn.controller == fleet.gateway
                ? .controller(term: turn.term) : .follower(of: turn.controller)
            let exchange = desk.exchanging(with: turn.rollouts, of: turn.controller)
            if !exchange.told.isEmpty {
                try await fleet.book.write(exchange.told, term: desk.role.term)
            }
            if !exchange.moves.isEmpty {
                try await commit(exchange.desk, exchange.moves, by: "fleet", sharing: false, &desk)
            }
        } catch {
            desk.role = .cutOff(because: "\(error)")
        }
        if desk.role != before { logger.notice("place in the fleet", metadata: ["is": "\(desk.role)"]) }
    }

    /// Tells the fleet of this gateway's own steps; a follower has none to tell but rollbacks.
    func share(_ moves: [RolloutMove], _ role: FleetRole) async throws(StoreError) {
        guard let fleet else { return }
        let shared =
            switch role {
            case .alone, .cutOff: [] as [FleetMove]
            case .controller: moves.map(\.shared)
            case .follower: moves.filter(\.isRollback).map(\.shared)
            }
        if shared.isEmpty { return }
        try await fleet.book.write(shared, term: role.term)
    }

    /// Gives control to whoever is next, at once and not when it expires.
    func leaveFleet() async {
        guard let fleet else { return }
        do throws(StoreError) {
            try await fleet.book.leave(fleet.gateway)
        } catch {
            logger.warning("fleet not left", metadata: ["error": "\(error)"])
        }
    }
}
