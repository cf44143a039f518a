import ArgumentParser
import Foundation
import Rollout
import Store

/// Which other gateways this one shares its rollouts with.
struct FleetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File that all gateways of a fleet reach; one of them controls the rollouts, the others follow.",
            valueName: "file"
        )
    )
    var fleet: String?

    @Option(
        help: ArgumentHelp(
            "This gateway's name in the fleet; none may have another's. [default: host and process]",
            valueName: "name"
        )
    )
    var gatewayName: String?

    func validate() throws {
        if gatewayName != nil, fleet == nil {
            throw ValidationError("--gateway-name names a gateway in a fleet; give --fleet too")
        }
        if gatewayName == "" { throw ValidationError("--gateway-name must not be empty") }
    }

    func makeFleet() throws(StoreError) -> Fleet? {
        guard let fleet else { return nil }
        let process = ProcessInfo.processInfo
        return Fleet(
            book: try FleetBook(path: fleet),
            gateway: gatewayName ?? "\(process.hostName)/\(process.processIdentifier)"
        )
    }
}
