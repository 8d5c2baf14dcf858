import ArgumentParser
import Logging
import SchedulerInfrastructure

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Create, update or take back the tables in PostgreSQL.",
        discussion: """
            Works with DATABASE_OWNER_URL, or DATABASE_URL where one user does all. Any number of processes may run it at \
            once; each migration is applied once. (The embedded SQLite database migrates itself.)
            """,
        subcommands: [Up.self, Down.self, Status.self]
    )

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Apply every migration that is missing.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await withMigrator(common) { migrator in
                let applied = try await migrator.up()
                Terminal.line(applied.isEmpty ? "The schema is up to date." : "Applied migrations \(listed(applied)).")
            }
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back the latest migrations.",
            discussion: "Drops what they created, with its data. Stop every other process first.")
        @OptionGroup var common: CommonOptions
        @Option(help: "How many to take back.") var steps = 1

        func validate() throws {
            guard steps > 0 else { throw ValidationError("--steps is above 0") }
        }

        func run() async throws {
            try await withMigrator(common) { migrator in
                let reverted = try await migrator.down(steps)
                Terminal.line(
                    reverted.isEmpty ? "No migration is applied." : "Took migrations \(listed(reverted)) back.")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show which migrations are applied.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await withMigrator(common) { migrator in
                for migration in try await migrator.status() {
                    let state = migration.appliedAt.map { "applied \($0)" } ?? "pending"
                    Terminal.line("\(migration.version) \(migration.name): \(state)")
                }
            }
        }
    }
}

private func listed(_ versions: [Int]) -> String { versions.map(String.init).joined(separator: ", ") }

/// Runs a body with the migrator of the configured database.
private func withMigrator(_ common: CommonOptions, _ body: (PostgresMigrator) async throws -> Void) async throws {
    try await ExitOnError.run {
        let logger = Logger(label: "scheduler.migrate") { _ in SwiftLogNoOpLogHandler() }
        try await body(Stores.migrator(common.load(), role: "migrate", logger: logger))
    }
}
