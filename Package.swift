// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Where `make setup` puts libllama: a per-user cache, shared by every checkout.
///
/// The path is fixed rather than discovered because SwiftPM caches an evaluated manifest: what the manifest
/// found on disk once, it would go on believing.
let llama: String = {
    let home = Context.environment["HOME"] ?? "/root"
    let cache = Context.environment["XDG_CACHE_HOME"] ?? "\(home)/.cache"
    return "\(cache)/headgate/llama/current"
}()
let llamaHeaders: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-I\(llama)/include"])]
let llamaLibraries: [LinkerSetting] = [.unsafeFlags(["-L\(llama)/lib"])]

/// Vector code without optimisation is a hundred times slower, and the tests decode real models in debug builds.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

func product(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package)
}

/// The tests of a module, beside it in `Tests` under its name.
///
/// `data` names folders beside the tests that they read by path: reference vectors, golden files, fixtures.
func tests(
    _ name: String,
    of module: String? = nil,
    _ others: [Target.Dependency] = [],
    data: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: module ?? name)] + others,
        exclude: data,
        swiftSettings: strict
    )
}

let package = Package(
    name: "headgate",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "headgate", targets: ["CLI"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .target(name: "Answers", dependencies: [product("Crypto", "swift-crypto")], swiftSettings: strict),
        .target(name: "Stats", swiftSettings: strict),
        .target(name: "ModelExecutor", swiftSettings: strict + optimized),
        .target(
            name: "Policy",
            dependencies: [product("Crypto", "swift-crypto"), product("Yams", "Yams")],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CLlama"),
        .target(name: "DefaultModel", exclude: ["training", "MODEL_CARD.md", "model.gguf", "head.gguf"]),
        .target(
            name: "LlamaBackend",
            dependencies: ["CLlama", "ModelExecutor"],
            swiftSettings: strict + llamaHeaders,
            linkerSettings: llamaLibraries
        ),
        .target(
            name: "Telemetry",
            dependencies: [product("CoreMetrics", "swift-metrics")],
            swiftSettings: strict
        ),
        .target(
            name: "Store",
            dependencies: [
                "Policy", "Stats", "Telemetry",
                product("GRDB", "GRDB.swift"),
                product("GRDBSQLite", "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(name: "Summary", dependencies: ["Policy", "Stats", "Store"], swiftSettings: strict),
        .target(
            name: "Rollout",
            dependencies: [
                "Policy", "Stats", "Store", "Summary",
                product("Logging", "swift-log"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "ModelExecutor", "Policy", "Store", "Telemetry",
                product("Crypto", "swift-crypto"),
                product("HTTPTypes", "swift-http-types"),
                product("HummingbirdCore", "hummingbird"),
                product("HummingbirdHTTP2", "hummingbird"),
                product("Logging", "swift-log"),
                product("NIOCore", "swift-nio"),
                product("NIOHTTPTypes", "swift-nio-extras"),
                product("NIOPosix", "swift-nio"),
                product("NIOSSL", "swift-nio-ssl"),
                product("NIOTLS", "swift-nio"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
                product("SwiftASN1", "swift-asn1"),
                product("X509", "swift-certificates"),
            ],
            resources: [
                .embedInCode("OpenAPI/admin-plane.json"), .embedInCode("OpenAPI/data-plane.json"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Answers", "DefaultModel", "Gateway", "LlamaBackend", "ModelExecutor", "Policy", "Rollout",
                "Stats",
                "Store", "Summary", "Telemetry",
                product("ArgumentParser", "swift-argument-parser"),
                product("AsyncHTTPClient", "async-http-client"),
                product("Crypto", "swift-crypto"),
                product("Logging", "swift-log"),
                product("NIOCore", "swift-nio"),
                product("NIOHTTP1", "swift-nio"),
                product("NIOPosix", "swift-nio"),
                product("NIOSSL", "swift-nio-ssl"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
                product("NIOTLS", "swift-nio"),
                product("Subprocess", "swift-subprocess"),
                product("SystemPackage", "swift-system"),
                product("UnixSignals", "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),

        .target(
            name: "TestSupport",
            dependencies: [
                "ModelExecutor",
                product("Crypto", "swift-crypto"),
                product("SwiftASN1", "swift-asn1"),
                product("X509", "swift-certificates"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        tests("Answers"),
        tests("Stats", ["TestSupport"], data: ["Vectors"]),
        tests("ModelExecutor", ["TestSupport"]),
        tests("Policy", ["TestSupport", product("Yams", "Yams")], data: ["Golden"]),
        tests(
            "LlamaBackend",
            ["DefaultModel", "ModelExecutor", "TestSupport"],
            data: ["Vectors", "StateDicts"]
        ),
        tests("Telemetry", [product("CoreMetrics", "swift-metrics")], data: ["Golden"]),
        tests(
            "Store",
            ["Policy", "Telemetry", "TestSupport", product("GRDB", "GRDB.swift")],
            data: ["Golden"]
        ),
        tests("Rollout", ["Policy", "Stats", "Store", product("Logging", "swift-log")]),
        tests("Summary", ["Policy", "Stats", "Store"], data: ["Golden"]),
        tests(
            "Gateway",
            [
                "ModelExecutor", "Policy", "Store", "Telemetry", "TestSupport",
                product("AsyncHTTPClient", "async-http-client"),
                product("GRDB", "GRDB.swift"),
                product("HTTPTypes", "swift-http-types"),
                product("Logging", "swift-log"),
                product("NIOCore", "swift-nio"),
                product("NIOEmbedded", "swift-nio"),
                product("NIOHTTP1", "swift-nio"),
                product("NIOHTTPTypes", "swift-nio-extras"),
                product("NIOPosix", "swift-nio"),
                product("NIOSSL", "swift-nio-ssl"),
                product("NIOTLS", "swift-nio"),
                product("ServiceLifecycle", "swift-service-lifecycle"),
                product("SwiftASN1", "swift-asn1"),
                product("X509", "swift-certificates"),
            ]
        ),
        tests(
            "EndToEnd",
            of: "CLI",
            [
                "LlamaBackend", "ModelExecutor", "Policy", "Stats", "Store", "TestSupport",
                product("ArgumentParser", "swift-argument-parser"),
                product("AsyncHTTPClient", "async-http-client"),
                product("Subprocess", "swift-subprocess"),
                product("SystemPackage", "swift-system"),
            ],
            data: ["Fixtures", "Golden"]
        ),
    ]
)
