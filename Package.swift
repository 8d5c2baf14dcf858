// swift-tools-version: 6.2
import PackageDescription

/// One set of strict settings for every target of ours.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let serviceLifecycleTestKit: Target.Dependency = .product(
    name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let tomlKit: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")

/// The arrows between our modules; `ArchitectureTests` reads the imports and holds them to the same table.
let libraries: [(name: String, dependencies: [Target.Dependency])] = [
    ("SchedulerErrors", []),
    ("SchedulerDomain", ["SchedulerErrors"]),
    ("SchedulerFoundation", ["SchedulerDomain", "SchedulerErrors", "CLinux", deque, logging]),
    ("SchedulerConfig", ["SchedulerErrors", configuration, tomlKit]),
    ("SchedulerObservability", ["SchedulerFoundation", "SchedulerDomain", "SchedulerErrors", logging]),
    ("SchedulerApplication", ["SchedulerFoundation", "SchedulerDomain", "SchedulerErrors", logging]),
    (
        "SchedulerInfrastructure",
        [
            "SchedulerFoundation", "SchedulerDomain", "SchedulerConfig", "SchedulerErrors", "SchedulerObservability",
            "CPostgres", "CRabbitMQ", "CLinux", deque, grdb, logging, serviceLifecycle,
        ]
    ),
    (
        "SchedulerAPI",
        [
            "SchedulerFoundation", "SchedulerApplication", "SchedulerDomain", "SchedulerInfrastructure",
            "SchedulerErrors", "SchedulerConfig", "SchedulerObservability", hummingbird, httpTypes, logging, nioCore,
            serviceLifecycle,
        ]
    ),
    (
        "SchedulerDispatcher",
        [
            "SchedulerFoundation", "SchedulerApplication", "SchedulerDomain", "SchedulerInfrastructure",
            "SchedulerErrors", "SchedulerConfig", "SchedulerObservability", logging, serviceLifecycle,
        ]
    ),
    (
        "SchedulerWorker",
        [
            "SchedulerFoundation", "SchedulerApplication", "SchedulerDomain", "SchedulerInfrastructure",
            "SchedulerErrors", "SchedulerConfig", "SchedulerObservability", "CProcess", asyncHTTPClient, deque,
            logging, nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
        ]
    ),
    ("SchedulerTestingUtils", ["SchedulerDomain", "SchedulerErrors", "SchedulerFoundation", logging]),
]

let ourLibraries: [Target.Dependency] = libraries.map { .init(stringLiteral: $0.name) }

let systemLibraries: [Target] = [
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
    .systemLibrary(name: "CLinux"),
    .target(name: "CProcess"),
]

let testTargets: [Target] =
    libraries.filter { $0.name != "SchedulerTestingUtils" }.map { library in
        .testTarget(
            name: library.name + "Tests",
            dependencies: library.dependencies + [.init(stringLiteral: library.name), "SchedulerTestingUtils"]
                + (library.name == "SchedulerAPI" ? [hummingbirdTesting] : [])
                // Its keeper.
                + (library.name == "SchedulerWorker" ? ["scheduler"] : [])
                // The use cases that must hold on every store.
                + (library.name == "SchedulerInfrastructure" ? ["SchedulerApplication"] : []),
            swiftSettings: strict
        )
    } + [
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ourLibraries + [logging, serviceLifecycle, serviceLifecycleTestKit],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ourLibraries + [asyncHTTPClient, logging, nioCore, nioHTTP1, serviceLifecycle, "scheduler"],
            swiftSettings: strict
        ),
    ]

let package = Package(
    name: "scheduler",
    platforms: [.macOS(.v15)],
    products: libraries.map { .library(name: $0.name, targets: [$0.name]) }
        + [.executable(name: "scheduler", targets: ["scheduler"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: libraries.map { .target(name: $0.name, dependencies: $0.dependencies, swiftSettings: strict) }
        + systemLibraries
        + testTargets
        + [
            .executableTarget(
                name: "scheduler",
                dependencies: ourLibraries + [
                    argumentParser, asyncHTTPClient, logging, nioCore, nioHTTP1, serviceLifecycle, unixSignals,
                    "CLinux",
                ],
                swiftSettings: strict
            )
        ]
)
