import CLinux
import Glibc
import Logging
import SchedulerConfig
import SchedulerErrors
import SchedulerObservability
import ServiceLifecycle

/// What one process runs, made by `RoleServices+Build`.
struct RoleServices: Sendable {
    /// In start order; shut down from the right.
    var services: [any Service]
    /// The whole budget of a graceful shutdown.
    var shutdownGrace: Duration
    /// Called after the last service has ended, however it ended.
    var close: @Sendable () async -> Void = {}
}

/// Runs a role from its configuration to its end.
enum Role {
    /// Starts the services and returns when they have shut down after SIGTERM or SIGINT.
    ///
    /// - Throws: what kept the role from starting, or the error of the service that ended it.
    static func run(
        _ name: String, _ configuration: AppConfig, build: (Logger) async throws -> RoleServices
    ) async throws {
        // Closes /proc/<pid>/environ and mem to other processes of the same user, tasks among them.
        _ = scheduler_forbid_inspection()
        let failPoint = try ArmedFailPoint.arm(from: ProcessEnvironment.current)
        EnvironmentBlock.scrub()
        // A peer that closes its connection is an error of one call, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        LoggingSetup.bootstrap(
            service: "scheduler-\(name)", format: configuration.log.loggingFormat, levels: configuration.log.levelTable)
        let logger = Logger(label: "scheduler.\(name)")
        if let failPoint { logger.warning("\(failPoint)") }
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let signals = await StopSignals(logger: logger)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await signals.listen() }
            defer { group.cancelAll() }
            let role = try await build(logger)
            let result = await serve(role, until: signals, logger: logger)
            await role.close()
            try result.get()
            logger.info("The \(name) has ended")
        }
    }

    /// A worker holds three descriptors for each process; the usual soft limit of 1,024 is for programs with `select`.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func serve(
        _ role: RoleServices, until signals: StopSignals, logger: Logger
    ) async -> Result<Void, any Error> {
        var configuration = ServiceGroupConfiguration(
            services: role.services.map {
                // A service that ends by itself ends the process in order; its supervisor starts it anew.
                // One that fails does so too, so that the others settle what is under way; its error is still thrown.
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            logger: logger)
        configuration.maximumGracefulShutdownDuration = role.shutdownGrace + .seconds(5)
        // Swift functions can only be asked to stop; one that does not ends with the process.
        configuration.maximumCancellationDuration = .seconds(10)
        do {
            let group = ServiceGroup(configuration: configuration)
            signals.control(group)
            return .success(try await group.run())
        } catch {
            return .failure(error)
        }
    }
}

extension LogConfig {
    fileprivate var loggingFormat: LoggingSetup.Format {
        switch format {
        case .auto: .automatic
        case .json: .json
        case .pretty: .pretty
        }
    }

    fileprivate var levelTable: LogLevelTable {
        LogLevelTable(standard: levels.standard.logLevel, labels: levels.labels.mapValues(\.logLevel))
    }
}

extension LogLevels.Level {
    fileprivate var logLevel: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
