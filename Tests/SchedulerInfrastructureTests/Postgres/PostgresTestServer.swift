import Foundation
import Logging
import SchedulerDomain
import Synchronization

@testable import SchedulerInfrastructure

/// The private PostgreSQL server of the tests, found through `SCHEDULER_TEST_POSTGRES_URL` (a superuser's URL).
enum PostgresTestServer {
    static let url = ProcessInfo.processInfo.environment["SCHEDULER_TEST_POSTGRES_URL"]
    static var isAvailable: Bool { url != nil }

    static let logger = Logger(label: "postgres-tests") { _ in SwiftLogNoOpLogHandler() }

    /// The superuser's password, empty where the server asks for none.
    static var password: String { url.flatMap { URLComponents(string: $0)?.password } ?? "" }

    /// The configuration of a database on the server; nil for the one in the URL.
    static func configuration(_ database: String? = nil, user: String? = nil) throws -> PostgresConfiguration {
        guard let url, var components = URLComponents(string: url) else { throw Missing() }
        if let database { components.path = "/\(database)" }
        // Roles of tests share the superuser's password.
        if let user { components.user = user }
        var configuration = try PostgresConfiguration(url: components.string ?? url)
        configuration.poolSize = 4
        return configuration
    }

    /// Makes a database with the whole schema, copied from a template that is migrated once per run of the tests.
    static func withDatabase<Output: Sendable>(
        _ body: @Sendable (PostgresConfiguration) async throws -> Output
    ) async throws -> Output {
        try await withDatabase(template: try await Template.shared.name(), body)
    }

    /// Makes an empty database.
    static func withEmptyDatabase<Output: Sendable>(
        _ body: @Sendable (PostgresConfiguration) async throws -> Output
    ) async throws -> Output {
        try await withDatabase(template: "template0", body)
    }

    /// Executes text as the superuser.
    static func administer(_ sql: String, database: String? = nil) async throws {
        try await withSession(try configuration(database)) { try $0.script("administer", sql) }
    }

    /// Runs a closure in a session of its own.
    static func withSession<Output: Sendable>(
        _ configuration: PostgresConfiguration? = nil,
        _ body: @escaping @Sendable (PostgresSession) throws -> Output
    ) async throws -> Output {
        var single = try configuration ?? self.configuration()
        single.poolSize = 1
        let pool = PostgresPool(single, logger: logger)
        let result: Result<Output, any Error>
        do { result = .success(try await pool.withSession("test", body)) } catch { result = .failure(error) }
        await pool.shutdown()
        return try result.get()
    }

    /// Waits until a condition holds in the database, asking anew for at most ten seconds.
    static func waitUntil(_ condition: @escaping @Sendable (PostgresSession) throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if try await withSession(nil, condition) { return }
        }
        throw NeverHappened()
    }

    private static func withDatabase<Output: Sendable>(
        template: String, _ body: @Sendable (PostgresConfiguration) async throws -> Output
    ) async throws -> Output {
        let name = freshName()
        try await create(name, template: template)
        let result: Result<Output, any Error>
        do { result = .success(try await body(try configuration(name))) } catch { result = .failure(error) }
        try await administer("DROP DATABASE \(name) WITH (FORCE)")
        return try result.get()
    }

    /// One at a time: PostgreSQL copies a template only while nobody else does.
    fileprivate static func create(_ name: String, template: String) async throws {
        try await Template.shared.serially {
            try await administer("CREATE DATABASE \(name) TEMPLATE \(template)")
        }
    }

    fileprivate static func freshName() -> String {
        "test_" + RunID(at: .epoch).description.suffix(12) + String(ProcessInfo.processInfo.processIdentifier)
    }

    struct Missing: Error {}
    struct NeverHappened: Error {}

    /// The migrated database that others are copied from.
    ///
    /// An actor would let two copies overlap at an await, so the steps are chained.
    private final class Template: Sendable {
        static let shared = Template()
        private let last = Mutex<Task<Void, any Error>?>(nil)
        private let made = Mutex<Task<String, any Error>?>(nil)

        func name() async throws -> String {
            let task = made.withLock { made in
                if let made { return made }
                let task = Task {
                    let name = PostgresTestServer.freshName()
                    try await PostgresTestServer.create(name, template: "template0")
                    try await PostgresMigrator(
                        configuration: try PostgresTestServer.configuration(name), logger: PostgresTestServer.logger
                    ).up()
                    return name
                }
                made = task
                return task
            }
            return try await task.value
        }

        func serially(_ body: @escaping @Sendable () async throws -> Void) async throws {
            let task = last.withLock { last in
                let before = last
                let task = Task {
                    _ = await before?.result
                    try await body()
                }
                last = task
                return task
            }
            try await task.value
        }
    }
}
