import ArgumentParser

/// `headgate bench`: the figures that README and operators quote, each from one command.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine: the gateway path, the executor, and both beside others.",
        subcommands: [
            BenchGateway.self, BenchExecutor.self, BenchServer.self, BenchTwoPass.self, BenchLoad.self,
            BenchPolicies.self, BenchReload.self, BenchRollout.self,
        ]
    )
}
