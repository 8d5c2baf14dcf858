public import Logging
public import SchedulerDomain
import SchedulerErrors

/// Brings the schema up and down, as the owner of the database.
///
/// Any number of processes may start at once: they take turns under an advisory lock, and each migration is one
/// transaction.
public struct PostgresMigrator: Sendable {
    /// One migration and whether it is applied.
    public struct Status: Sendable, Hashable {
        public var version: Int
        public var name: String
        /// Nil while it is pending.
        public var appliedAt: UTCInstant?
    }

    private let configuration: PostgresConfiguration
    private let serviceRole: String?
    private let daysAhead: Int?
    private let migrations: [PostgresMigration]
    private let logger: Logger

    /// - Parameters:
    ///   - serviceRole: the role that the services connect as, which is granted reading and writing of rows; nil where
    ///     they connect as the owner.
    ///   - daysAhead: for how many days `up` makes the partitions of the history, so that the first runs find theirs;
    ///     nil leaves it all to the leader.
    public init(
        configuration: PostgresConfiguration, serviceRole: String? = nil, daysAhead: Int? = nil, logger: Logger
    ) {
        self.init(
            configuration: configuration, serviceRole: serviceRole, daysAhead: daysAhead, migrations: .embedded,
            logger: logger)
    }

    init(
        configuration: PostgresConfiguration, serviceRole: String? = nil, daysAhead: Int? = nil,
        migrations: [PostgresMigration], logger: Logger
    ) {
        var configuration = configuration
        configuration.applicationName = "scheduler-migrate"
        configuration.poolSize = 1
        // Waiting for another process that migrates, and rewriting a table, may take long.
        configuration.statementTimeout = .seconds(600)
        configuration.lockTimeout = .seconds(600)
        self.configuration = configuration
        self.serviceRole = serviceRole
        self.daysAhead = daysAhead
        self.migrations = migrations
        self.logger = logger
    }

    /// Applies what is pending, up to and including a version; nil: all.
    ///
    /// - Returns: the versions applied.
    /// - Throws: `conflict` where an applied migration is not the one that the program carries; `database` where one
    ///   fails, which leaves the schema as the last good one made it.
    @discardableResult
    public func up(to target: Int? = nil) async throws -> [Int] {
        try await locked { [migrations, serviceRole, daysAhead, logger] session in
            let applied = try session.appliedMigrations(creatingTable: true)
            try PostgresMigrator.verify(applied, against: migrations)
            let pending = migrations.filter { applied[$0.version] == nil && $0.version <= target ?? .max }
            for migration in pending {
                try session.apply(migration)
                logger.notice("Applied migration \(migration.version) \(migration.name)")
            }
            if let serviceRole { try session.grantService(to: serviceRole) }
            if let daysAhead, target == nil {
                _ = try session.preparePartitions(daysAhead: daysAhead, now: .instant(nil))
            }
            return pending.map(\.version)
        }
    }

    /// Takes the latest `steps` migrations back.
    ///
    /// - Returns: the versions taken back, latest first.
    /// - Throws: `conflict` where the database is at a version that this program does not know.
    @discardableResult
    public func down(_ steps: Int) async throws -> [Int] {
        try await locked { [migrations, logger] session in
            let applied = try session.appliedMigrations(creatingTable: false)
            try PostgresMigrator.verify(applied, against: migrations)
            let latest = migrations.filter { applied[$0.version] != nil }.suffix(max(0, steps)).reversed()
            for migration in latest {
                try session.revert(migration)
                logger.notice("Took migration \(migration.version) \(migration.name) back")
            }
            return latest.map(\.version)
        }
    }

    /// Returns every migration that the program carries, in order.
    public func status() async throws -> [Status] {
        let applied = try await withSession { try $0.appliedMigrations(creatingTable: false) }
        return migrations.map { Status(version: $0.version, name: $0.name, appliedAt: applied[$0.version]?.at) }
    }

    /// Returns the versions that are not applied; works for the service role too.
    public func pendingVersions() async throws -> [Int] {
        try await status().filter { $0.appliedAt == nil }.map(\.version)
    }

    private static func verify(_ applied: [Int: AppliedMigration], against migrations: [PostgresMigration]) throws {
        let known = Dictionary(uniqueKeysWithValues: migrations.map { ($0.version, $0) })
        for (version, migration) in applied.sorted(by: { $0.key < $1.key }) {
            guard let ours = known[version] else {
                throw SchedulerError(
                    .conflict,
                    "the database is at migration \(version), which this program does not know; use a newer one")
            }
            guard ours.checksum == migration.checksum else {
                throw SchedulerError(
                    .conflict, "migration \(version) \(ours.name) was changed after it had been applied")
            }
        }
    }

    private func locked<Output: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> Output
    ) async throws -> Output {
        try await withSession { session in
            // Kept to the end of the session, which is closed right after.
            try session.execute(MigrationSQL.lock)
            return try body(session)
        }
    }

    private func withSession<Output: Sendable>(
        _ body: @escaping @Sendable (PostgresSession) throws -> Output
    ) async throws -> Output {
        let pool = PostgresPool(configuration, name: "migrations", logger: logger)
        let result: Result<Output, any Error>
        do { result = .success(try await pool.withSession("migrate", body)) } catch { result = .failure(error) }
        await pool.shutdown()
        return try result.get()
    }
}

extension [PostgresMigration] {
    fileprivate static var embedded: [PostgresMigration] { PostgresMigration.embedded }
}
