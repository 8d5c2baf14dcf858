import Logging
import SchedulerConfig
import SchedulerDomain
import SchedulerErrors
import SchedulerInfrastructure

/// Opens the store of a role and brings its schema up to date.
enum Stores {
    /// Connects to PostgreSQL and checks, or makes, its schema.
    ///
    /// - Throws: `storeUnavailable` naming DATABASE_URL where it cannot be reached; `configuration` where the schema is
    ///   behind and `migrate_on_start` is off.
    static func postgres(_ configuration: AppConfig, role: String, logger: Logger) async throws -> PostgresStore {
        let url = try configuration.requirePostgres(role: role)
        let store = try PostgresStore(configuration: settings(url, configuration, role: role), logger: logger)
        do {
            _ = try await store.now()
            try await migrate(configuration, role: role, logger: logger)
        } catch {
            await store.shutdown()
            throw unreachable(error, url)
        }
        return store
    }

    /// The settings of the owner's session: migrations and partitions.
    static func owner(_ configuration: AppConfig, role: String) throws -> PostgresConfiguration {
        let owner = configuration.database.ownerURL
        var settings = try settings(
            owner ?? configuration.requirePostgres(role: role), configuration, role: role,
            key: owner == nil ? "DATABASE_URL" : "DATABASE_OWNER_URL")
        settings.poolSize = 1
        return settings
    }

    /// The migrator of the configured database.
    static func migrator(_ configuration: AppConfig, role: String, logger: Logger) throws -> PostgresMigrator {
        try PostgresMigrator(
            configuration: owner(configuration, role: role), serviceRole: serviceRole(of: configuration),
            daysAhead: configuration.dispatcher.partitionsAheadDays, logger: logger)
    }

    private static func settings(
        _ url: ConnectionURL, _ configuration: AppConfig, role: String, key: String = "DATABASE_URL"
    ) throws -> PostgresConfiguration {
        var settings = try PostgresConfiguration(url: url.secretText, key: key)
        settings.applicationName = "scheduler-\(role)"
        settings.poolSize = configuration.database.poolSize
        settings.maxWaiting = configuration.database.maxWaitingCalls
        settings.acquireTimeout = configuration.database.acquireTimeout
        settings.connectTimeout = configuration.database.connectTimeout
        settings.statementTimeout = configuration.database.statementTimeout
        return settings
    }

    private static func migrate(_ configuration: AppConfig, role: String, logger: Logger) async throws {
        let migrator = try migrator(configuration, role: role, logger: logger)
        let pending = try await migrator.pendingVersions()
        guard !pending.isEmpty else { return }
        guard configuration.database.migrateOnStart else {
            throw SchedulerError(
                .configuration,
                "the database lacks \(pending.count) migrations; run `scheduler migrate up`, or set "
                    + "SCHEDULER_DATABASE_MIGRATE_ON_START=true")
        }
        try await migrator.up()
    }

    /// The user of DATABASE_URL, who needs rights on the tables that the owner makes; nil where they are the same.
    private static func serviceRole(of configuration: AppConfig) throws -> String? {
        guard configuration.database.ownerURL != nil, case .postgres(let service) = configuration.database.url else {
            return nil
        }
        return try PostgresConfiguration(url: service.secretText).user
    }

    /// Adds the place to an error of the first contact; the URL shows no password.
    private static func unreachable(_ error: any Error, _ url: ConnectionURL) -> any Error {
        guard let error = error as? SchedulerError, error.code == .storeUnavailable || error.code == .timeout else {
            return error
        }
        return SchedulerError(
            .storeUnavailable,
            "DATABASE_URL: cannot use PostgreSQL at \(url): \(error.message); check the address and that the server runs",
            underlying: error)
    }
}
