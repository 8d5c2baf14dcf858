import Foundation
import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerInfrastructure

@Suite("Migrations")
struct EmbeddedMigrationsTests {
    @Test("the embedded migrations are those of the folder")
    func embedded() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "migrations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter { $0.hasSuffix(".sql") }
        let embedded = PostgresMigration.embedded.flatMap { migration in
            let number = String(migration.version)
            let base = String(repeating: "0", count: 4 - number.count) + number + "_" + migration.name
            return [("\(base).up.sql", migration.up), ("\(base).down.sql", migration.down)]
        }
        #expect(Set(names) == Set(embedded.map(\.0)), "run scripts/embed-migrations")
        for (name, text) in embedded {
            let file = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            #expect(file == text, "\(name): run scripts/embed-migrations")
        }
    }

    @Test("versions count up from 1 without a gap")
    func versions() {
        #expect(PostgresMigration.embedded.map(\.version) == Array(1...PostgresMigration.embedded.count))
    }
}

@Suite("Migrating PostgreSQL", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"))
struct PostgresMigratorTests {
    private let all = PostgresMigration.embedded.map(\.version)

    @Test("ten processes may migrate at once, and each migration is applied once")
    func concurrent() async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<10 { group.addTask { try await migrator(configuration).up() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == all)
            #expect(try await migrator(configuration).pendingVersions().isEmpty)
        }
    }

    @Test("up, down and up again leads to the same schema")
    func roundTrip() async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            let migrator = migrator(configuration)
            #expect(try await migrator.pendingVersions() == all)
            #expect(try await migrator.up(to: 2) == [1, 2])
            #expect(try await migrator.up() == Array(all.dropFirst(2)))
            let schema = try await objects(configuration)
            #expect(try await migrator.down(all.count) == all.reversed())
            #expect(try await objects(configuration) == ["schema_migrations"])
            #expect(try await migrator.down(1).isEmpty)
            #expect(try await migrator.up() == all)
            #expect(try await objects(configuration) == schema)
            let status = try await migrator.status()
            #expect(status.allSatisfy { $0.appliedAt != nil })
        }
    }

    @Test("dependencies survive the way down and up again")
    func dependencies() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let store = PostgresStore(configuration: configuration, logger: PostgresTestServer.logger)
            func make(_ name: String, _ edges: [TaskDependency]) async throws -> TaskID {
                let spec = TaskSpec(name: name, taskType: "x", executor: "x", dependencies: edges)
                return try #require(try await store.tasks.create([TaskDraft(spec: spec)]).first).id
            }
            let root = try await make("root", [])
            let leaf = try await make("leaf", [TaskDependency(on: root, .onFailure)])
            let gone = try await make("gone", [TaskDependency(on: leaf)])
            _ = try await store.tasks.delete([gone], tenant: .default)
            let edges = PostgresStatement.list("SELECT task_id, upstream_id, condition FROM task_dependencies")
            let before = try await store.pool.withSession("list edges") { session in
                try session.execute(edges).map { "\(try $0.int64()) \(try $0.int64()) \(try $0.text())" }
            }
            #expect(before == ["\(leaf) \(root) on_failure"])
            let count = all.filter { $0 >= 8 }.count
            #expect(try await migrator(configuration).down(count) == all.suffix(count).reversed())
            #expect(try await migrator(configuration).up() == Array(all.suffix(count)))
            let after = try await store.pool.withSession("list edges") { session in
                try session.execute(edges).map { "\(try $0.int64()) \(try $0.int64()) \(try $0.text())" }
            }
            #expect(after == before)
            await store.shutdown()
        }
    }

    @Test("a migration that fails leaves the schema as the one before made it")
    func failure() async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            let good = PostgresMigration(version: 1, name: "good", up: "CREATE TABLE good ()", down: "DROP TABLE good")
            let bad = PostgresMigration(version: 2, name: "bad", up: "CREATE TABLE half (); SELECT nothing", down: "")
            let error = await #expect(throws: SchedulerError.self) {
                try await PostgresMigrator(
                    configuration: configuration, migrations: [good, bad], logger: PostgresTestServer.logger
                ).up()
            }
            #expect(error?.code == .database)
            let left = try await objects(configuration)
            #expect(left == ["good", "schema_migrations"])
        }
    }

    @Test("a migration that was changed after it had been applied, or is unknown, is refused")
    func drift() async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            func migrator(_ migrations: [PostgresMigration]) -> PostgresMigrator {
                PostgresMigrator(
                    configuration: configuration, migrations: migrations, logger: PostgresTestServer.logger)
            }
            try await migrator([PostgresMigration(version: 1, name: "a", up: "CREATE TABLE a ()", down: "")]).up()
            for other in [[], [PostgresMigration(version: 1, name: "a", up: "CREATE TABLE b ()", down: "")]] {
                let error = await #expect(throws: SchedulerError.self) { try await migrator(other).up() }
                #expect(error?.code == .conflict)
            }
        }
    }

    @Test("the service's role reads and writes rows, and changes no schema")
    func roles() async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            let database = String(configuration.url.split(separator: "/").last ?? "")
            let role = "service_\(database)"
            try await PostgresTestServer.administer(
                "CREATE ROLE \(role) LOGIN PASSWORD '\(PostgresTestServer.password)'")
            try await migrator(configuration, serviceRole: role).up()
            let service = try PostgresTestServer.configuration(database, user: role)
            #expect(try await migrator(service).pendingVersions().isEmpty)
            let pool = PostgresPool(service, logger: PostgresTestServer.logger)
            try await pool.withSession("write") { try $0.script("write", "INSERT INTO tenants (id) VALUES ('other')") }
            try await pool.withSession("view") { try $0.script("view", "SELECT * FROM task_runs") }
            for sql in ["CREATE TABLE mine ()", "DROP TABLE tasks", "DELETE FROM schema_migrations"] {
                let error = await #expect(throws: SchedulerError.self) {
                    try await pool.withSession("change") { try $0.script("change", sql) }
                }
                #expect(error?.context["sql.state"] == "42501")
            }
            await pool.shutdown()
            try await PostgresTestServer.administer("DROP OWNED BY \(role)", database: database)
            try await PostgresTestServer.administer("DROP ROLE \(role)")
        }
    }

    @Test("a role that does not exist is named")
    func missingRole() async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            let error = await #expect(throws: SchedulerError.self) {
                try await migrator(configuration, serviceRole: "nobody_here").up()
            }
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("nobody_here") == true)
        }
    }

    private func migrator(_ configuration: PostgresConfiguration, serviceRole: String? = nil) -> PostgresMigrator {
        PostgresMigrator(configuration: configuration, serviceRole: serviceRole, logger: PostgresTestServer.logger)
    }

    private func objects(_ configuration: PostgresConfiguration) async throws -> [String] {
        let names = PostgresStatement.read(
            "test.objects",
            """
            SELECT relname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v') ORDER BY relname
            """)
        return try await PostgresTestServer.withSession(configuration) { session in
            try session.execute(names).map { try $0.text() }
        }
    }
}
