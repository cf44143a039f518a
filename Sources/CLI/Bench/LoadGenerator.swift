import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Closed-loop load: a fixed number of TLS keep-alive connections, each sending as fast as it is answered.
struct LoadGenerator {
    let host: String
    let port: Int
    let certificate: String
    let connections: Int
    let requestsPerConnection: Int
    /// Leading requests of each connection that are not counted: connection set-up and cold caches.
    let warmUpPerConnection: Int

    struct Result: Sendable {
        var answered: Int
        var refused: Int
        var seconds: Double
        /// Sorted.
        var nanoseconds: [Int64]

        func milliseconds(_ quantile: Double) -> Double {
            guard !nanoseconds.isEmpty else { return .nan }
            let rank = Int((quantile * Double(nanoseconds.count)).rounded(.up))
            return Double(nanoseconds[min(max(rank, 1), nanoseconds.count) - 1]) / 1e6
        }
    }

    func run(prompt: String) async throws -> Result {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificate)
        tls.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: tls)
        let shot = Self.shot(prompt: prompt, host: "\(host):\(port)")
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let sightings = try await withThrowingTaskGroup(of: LoadConnection.Sightings.self) { group in
            for _ in 0..<connections {
                group.addTask { try await connect(on: loop, context: context, shot: shot) }
            }
            return try await group.reduce(into: [LoadConnection.Sightings]()) { $0.append($1) }
        }
        let from = sightings.map(\.from).min() ?? .now()
        let to = sightings.map(\.to).max() ?? .now()
        return Result(
            answered: sightings.reduce(0) { $0 + $1.nanoseconds.count },
            refused: sightings.reduce(0) { $0 + $1.refused },
            seconds: Double((to - from).nanoseconds) / 1e9,
            nanoseconds: sightings.flatMap(\.nanoseconds).sorted()
        )
    }

    private func connect(
        on loop: any EventLoop,
        context: NIOSSLContext,
        shot: LoadConnection.Shot
    ) async throws -> LoadConnection.Sightings {
        let finished = loop.makePromise(of: LoadConnection.Sightings.self)
        let total = warmUpPerConnection + requestsPerConnection
        let warmUp = warmUpPerConnection
        let name = host
        let bootstrap = ClientBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(
                    NIOSSLClientHandler(context: context, serverHostname: name.asServerName)
                )
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(
                    LoadConnection(shot: shot, warmUp: warmUp, total: total, finished: finished)
                )
            }
        }
        do {
            _ = try await bootstrap.connect(host: host, port: port).get()
        } catch {
            finished.fail(error)
        }
        return try await finished.futureResult.get()
    }

    private static func shot(prompt: String, host: String) -> LoadConnection.Shot {
        let json = #"{"model":"default","messages":[{"role":"user","content":"\#(prompt)"}]}"#
        let body = ByteBuffer(string: json)
        var headers = HTTPHeaders()
        headers.add(name: "host", value: host)
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "content-length", value: "\(body.readableBytes)")
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: "/v1/chat/completions",
            headers: headers
        )
        return LoadConnection.Shot(head: head, body: body)
    }
}

extension String {
    /// Server name for SNI: an IP address has none.
    fileprivate var asServerName: String? {
        allSatisfy { $0.isNumber || $0 == "." || $0 == ":" } ? nil : self
    }
}
