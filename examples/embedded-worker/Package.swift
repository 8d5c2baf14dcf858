// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "embedded-worker",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "scheduler", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "embedded-worker",
            dependencies: [
                .product(name: "SchedulerApplication", package: "scheduler"),
                .product(name: "SchedulerDispatcher", package: "scheduler"),
                .product(name: "SchedulerDomain", package: "scheduler"),
                .product(name: "SchedulerInfrastructure", package: "scheduler"),
                .product(name: "SchedulerWorker", package: "scheduler"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ])
    ]
)
