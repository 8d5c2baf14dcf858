import Logging
import SchedulerAPI
import SchedulerApplication
import SchedulerConfig
import SchedulerDispatcher
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerInfrastructure
import SchedulerWorker
import ServiceLifecycle

/// The only place that knows every concrete type; it reads like the picture of the roles.
extension RoleServices {
    static func api(_ configuration: AppConfig, logger: Logger) async throws -> RoleServices {
        let store = try await Stores.postgres(configuration, role: "api", logger: logger)
        let api = makeAPI(configuration, store: store, logger: logger)
        return RoleServices(
            services: makeAdmin(configuration, role: "api", [.database(store)], logger: logger)
                + [store.postgresWakeUps, api], shutdownGrace: configuration.worker.shutdownGrace,
            close: { await store.shutdown() })
    }

    static func dispatcher(_ configuration: AppConfig, logger: Logger) async throws -> RoleServices {
        try configuration.requireServers(role: "dispatcher")
        let queue = try makeRabbitMQ(configuration, role: "dispatcher", logger: logger)
        let store = try await Stores.postgres(configuration, role: "dispatcher", logger: logger)
        let partitions = try PostgreSQLHistoryPartitions(
            configuration: Stores.owner(configuration, role: "dispatcher"), logger: logger)
        let dispatcher = makeDispatcher(
            configuration, store: store, queue: queue, partitions: partitions,
            isItemFault: SchedulerError.isItemFault, logger: logger)
        return RoleServices(
            services: makeAdmin(
                configuration, role: "dispatcher", [.database(store), .jobQueue(queue)], logger: logger)
                + [store.postgresWakeUps, queue] + dispatcher, shutdownGrace: configuration.worker.shutdownGrace,
            close: {
                await partitions.shutdown()
                await store.shutdown()
            })
    }

    static func worker(_ configuration: AppConfig, logger: Logger) async throws -> RoleServices {
        try configuration.requireServers(role: "worker")
        let processes = try TaskProcesses.settings(configuration.worker, mayBeRoot: false, logger: logger)
        let queue = try makeRabbitMQ(configuration, role: "worker", logger: logger)
        let store = try await Stores.postgres(configuration, role: "worker", logger: logger)
        let worker = makeWorker(
            configuration, store: store, queue: queue, processes: processes, isFenced: true, logger: logger)
        return RoleServices(
            services: makeAdmin(
                configuration, role: "worker", [.database(store), .jobQueue(queue), .standing(of: worker)],
                logger: logger)
                + [store.postgresWakeUps, queue, worker], shutdownGrace: configuration.worker.shutdownGrace,
            close: { await store.shutdown() })
    }

    static func standalone(_ configuration: AppConfig, logger: Logger) async throws -> RoleServices {
        let folder = try await DataFolder.lock(configuration.standalone.dataFolder)
        let clock = SystemClock()
        let store = try SQLiteStore(
            path: folder.databasePath(configuration.database.url), clock: { clock.now }, wakeUps: InProcessWakeUps())
        let recovered = try await store.recoverAfterRestart()
        let count = recovered.returned.count + recovered.ended.count
        if count > 0 { logger.notice("\(count) runs were under way at the last end and are taken back") }
        let queue = InProcessMessageQueue()
        let dispatcher = makeDispatcher(configuration, store: store, queue: queue, partitions: nil, logger: logger)
        let worker = makeWorker(
            configuration, store: store, queue: queue,
            processes: try TaskProcesses.settings(
                configuration.worker, mayBeRoot: true, lock: folder.descriptor, logger: logger),
            // No other worker can have its runs, and a laptop that slept shall go on with them.
            isFenced: false, logger: logger)
        // Its only worker is a part of this process, which would end with it.
        let api = makeAPI(configuration, store: store, drainsWorkers: false, logger: logger) { port in
            Welcome.show(address: "http://\(configuration.api.host):\(port)", folder: folder.path)
        }
        return RoleServices(
            services: makeAdmin(
                configuration, role: "scheduler", [.database(store), .standing(of: worker)], logger: logger)
                + dispatcher + [worker, api], shutdownGrace: configuration.worker.shutdownGrace,
            close: {
                do {
                    try store.close()
                } catch {
                    logger.warning("The database was not closed in order; nothing is lost: \(error)")
                }
                folder.unlock()
            })
    }

    private static func makeAPI(
        _ configuration: AppConfig,
        store: any SchedulerStore,
        drainsWorkers: Bool = true,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) -> APIServer {
        APIServer(
            configuration: APIConfiguration(
                host: configuration.api.host, port: configuration.api.port,
                requestTimeout: configuration.api.requestTimeout, maxBodyBytes: configuration.api.maxBodyBytes),
            service: TaskService(
                store: store, decider: makeDecider(configuration),
                backfillRunsPerSecond: configuration.api.backfillRunsPerSecond, drainsWorkers: drainsWorkers),
            probes: [.database(store)],
            version: BuildVersion.text, logger: logger, onListening: onListening)
    }

    /// First in the list, so that it tells of the process until all else has ended.
    private static func makeAdmin(
        _ configuration: AppConfig, role: String, _ probes: [HealthProbe], logger: Logger
    ) -> [any Service] {
        guard configuration.admin.port != 0 else { return [] }
        return [
            AdminServer(
                role: role, host: configuration.admin.host, port: configuration.admin.port, probes: probes,
                version: BuildVersion.text, logger: logger)
        ]
    }

    private static func makeDispatcher(
        _ configuration: AppConfig,
        store: any SchedulerStore,
        queue: any MessageQueue,
        partitions: (any HistoryPartitions)?,
        isItemFault: @escaping @Sendable (any Error) -> Bool = SettleRuns.isItemFault,
        logger: Logger
    ) -> [any Service] {
        Dispatcher.services(
            store: store, queue: queue, settings: configuration.dispatcher, lease: configuration.worker.lease,
            killGrace: configuration.worker.killGrace, partitions: partitions, isItemFault: isItemFault, logger: logger)
    }

    private static func makeWorker(
        _ configuration: AppConfig, store: any SchedulerStore, queue: any MessageQueue,
        processes: ProcessSettings, isFenced: Bool, logger: Logger
    ) -> WorkerService {
        let settings = configuration.worker
        return WorkerService(
            identity: WorkerIdentity(
                name: settings.name, hostname: Defaults.workerName, taskTypes: settings.taskTypes,
                version: BuildVersion.text),
            store: store, queue: queue,
            executors: ExecutorFactory(
                processes: processes, functions: .withBuiltIns(appends: settings.appendFunction)
            ).makeRegistry(),
            configuration: WorkerConfiguration(
                slots: settings.maxConcurrentTasks, heartbeat: settings.heartbeat, lease: settings.lease,
                isFenced: isFenced, killGrace: settings.killGrace, shutdownGrace: settings.shutdownGrace,
                maxKeptOutcomes: settings.maxKeptOutcomes, logLinesPerSecond: settings.logLinesPerSecond,
                logBytesPerSecond: settings.logBytesPerSecond),
            logger: logger)
    }

    private static func makeRabbitMQ(
        _ configuration: AppConfig, role: String, logger: Logger
    ) throws -> RabbitMQMessageQueue {
        let url = try configuration.requireRabbitMQ(role: role)
        var settings = try RabbitMQConfiguration(url: url.secretText)
        settings.namespace = configuration.queue.namespace
        settings.heartbeat = configuration.queue.heartbeat
        settings.inboxCapacity = configuration.queue.maxWaitingMessages
        settings.operationTimeout = configuration.queue.publishTimeout
        return try RabbitMQMessageQueue(settings, logger: logger)
    }

    private static func makeDecider(_ configuration: AppConfig) -> FireTimesDecider {
        FireTimesDecider(punctuality: configuration.dispatcher.misfireThreshold)
    }
}

/// What `/health` and `/ready` look at.
extension HealthProbe {
    fileprivate static func database(_ store: any SchedulerStore) -> HealthProbe {
        HealthProbe("database", isRequired: true) { _ = try await store.now() }
    }

    fileprivate static func jobQueue(_ queue: any MessageQueue) -> HealthProbe {
        HealthProbe("jobQueue", isRequired: true) {
            guard queue.isConnected else { throw SchedulerError(.messageQueue, "RabbitMQ is away") }
        }
    }

    /// Whether the store knows the worker and hears it.
    fileprivate static func standing(of worker: WorkerService) -> HealthProbe {
        HealthProbe("worker", isRequired: true) { try worker.checkStanding() }
    }
}
