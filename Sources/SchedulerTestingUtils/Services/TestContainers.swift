private import Foundation
private import SchedulerFoundation

/// Real servers for tests: shared ones that `make test` starts once, and private ones for tests that restart them.
public enum TestContainers {
    /// The superuser URL of the shared PostgreSQL server, nil where there is none; make a database of your own there.
    public static var postgresURL: String? { variable("SCHEDULER_TEST_POSTGRES_URL") }

    /// The URL of the shared RabbitMQ server, nil where there is none; use a virtual host or prefix of your own there.
    public static var rabbitMQURL: String? { variable("SCHEDULER_TEST_RABBITMQ_URL") }

    /// Whether tests may start private servers: where the shared ones run, the programs are installed.
    public static var canStartServers: Bool { postgresURL != nil && rabbitMQURL != nil }

    /// Starts a private server, runs the body with it, and stops it in any case, also after cancellation.
    ///
    /// Its folder is removed at the end. It lies in `SCHEDULER_TEST_FOLDER` if set, where `make test` also finds
    /// servers of tests that were killed.
    public static func withServer<Result: Sendable>(
        _ kind: PrivateServer.Kind,
        _ body: (PrivateServer) async throws -> Result
    ) async throws -> Result {
        let parent = variable("SCHEDULER_TEST_FOLDER") ?? FileManager.default.temporaryDirectory.path
        let folder = "\(parent)/\(kind.rawValue)-\(UUID().uuidString)"
        let server = try await PrivateServer(startingIn: folder, kind)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        try await withCancellationShield {
            try await server.kill()
            try FileManager.default.removeItem(atPath: folder)
        }
        return try result.get()
    }

    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}
