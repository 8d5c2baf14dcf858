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
            services: [store.postgresWakeUps, api], shutdownGrace: configuration.worker.shutdownGrace,
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
            services: [store.postgresWakeUps, queue] + dispatcher, shutdownGrace: configuration.worker.shutdownGrace,
            close: {
                await partitions.shutdown()
                await store.shutdown()
            })
    }

    static func worker(_ configuration: AppConfig, logger: Logger) async throws -> RoleServices {
        try configuration.requireServers(role: "worker")
        let queue = try makeRabbitMQ(configuration, role: "worker", logger: logger)
        let store = try await Stores.postgres(configuration, role: "worker", logger: logger)
        let worker = makeWorker(configuration, store: store, queue: queue, logger: logger)
        return RoleServices(
            services: [store.postgresWakeUps, queue, worker], shutdownGrace: configuration.worker.shutdownGrace,
            close: { await store.shutdown() })
    }

    static func standalone(_ configuration: AppConfig, logger: Logger) async throws -> RoleServices {
        let folder = try DataFolder.lock(configuration.standalone.dataFolder)
        let clock = SystemClock()
        let store = try SQLiteStore(
            path: folder.databasePath(configuration.database.url), clock: { clock.now }, wakeUps: InProcessWakeUps())
        let recovered = try await store.recoverAfterRestart()
        let count = recovered.returned.count + recovered.ended.count
        if count > 0 { logger.notice("\(count) runs were under way at the last end and are taken back") }
        let queue = InProcessMessageQueue()
        let dispatcher = makeDispatcher(configuration, store: store, queue: queue, partitions: nil, logger: logger)
        let worker = makeWorker(configuration, store: store, queue: queue, logger: logger)
        // Its only worker is a part of this process, which would end with it.
        let api = makeAPI(configuration, store: store, drainsWorkers: false, logger: logger) { port in
            Welcome.show(address: "http://\(configuration.api.host):\(port)", folder: folder.path)
        }
        return RoleServices(
            services: dispatcher + [worker, api], shutdownGrace: configuration.worker.shutdownGrace,
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
            probes: [HealthProbe("database", isRequired: true) { _ = try await store.now() }],
            version: BuildVersion.text, logger: logger, onListening: onListening)
    }

    private static func makeDispatcher(
        _ configuration: AppConfig,
        store: any SchedulerStore,
        queue: any MessageQueue,
        partitions: (any HistoryPartitions)?,
        isItemFault: @escaping @Sendable (any Error) -> Bool = SettleRuns.isItemFault,
        logger: Logger
    ) -> [any Service] {
        let freed = Signal()
        let settings = configuration.dispatcher
        let elector = LeaderElector(
            locks: store.locks, owner: "\(WorkerID.fresh(at: SystemClock().now))", term: settings.leaderTerm,
            logger: logger)
        let recovery = RecoveryService(
            recovery: store.recovery, elector: elector, freed: freed, lease: configuration.worker.lease,
            unclaimedAfter: settings.unclaimed, overdueAfter: configuration.worker.killGrace + .seconds(30),
            logger: logger)
        let housekeeper = partitions.map {
            Housekeeper(partitions: $0, elector: elector, daysAhead: settings.partitionsAheadDays, logger: logger)
        }
        let zoneWatch = ZoneWatch(
            followZones: FollowZones(
                settings: store.zoneSettings, zones: SystemZones.shared, wakeUps: store.wakeUps, logger: logger),
            elector: elector, logger: logger)
        let ticker = Ticker(
            fireDueTasks: FireDueTasks(
                tasks: store.tasks, wakeUps: store.wakeUps, decider: makeDecider(configuration), logger: logger),
            wakeUps: store.wakeUps, isLeading: { elector.lease != nil }, poll: settings.poll, logger: logger)
        let picker = Picker(
            pickRuns: PickRuns(runs: store.runs, queue: queue, batch: settings.pickBatch, logger: logger),
            queue: queue, wakeUps: store.wakeUps, signal: freed, poll: settings.poll, logger: logger)
        let receiver = OutcomeReceiver(
            queue: queue, settleRuns: SettleRuns(runs: store.runs, isItemFault: isItemFault, logger: logger),
            freed: freed, logger: logger)
        // The receiver is shut down last, since it settles what the others still cause.
        return [receiver, elector, recovery, zoneWatch] + (housekeeper.map { [$0] } ?? []) + [ticker, picker]
    }

    private static func makeWorker(
        _ configuration: AppConfig, store: any SchedulerStore, queue: any MessageQueue, logger: Logger
    ) -> WorkerService {
        let settings = configuration.worker
        return WorkerService(
            identity: WorkerIdentity(
                name: settings.name, hostname: Defaults.workerName, taskTypes: settings.taskTypes,
                version: BuildVersion.text),
            store: store, queue: queue,
            executors: ExecutorFactory(killGrace: settings.killGrace).makeRegistry(),
            configuration: WorkerConfiguration(
                slots: settings.maxConcurrentTasks, heartbeat: settings.heartbeat, lease: settings.lease,
                killGrace: settings.killGrace, shutdownGrace: settings.shutdownGrace),
            logger: logger)
    }

    private static func makeRabbitMQ(
        _ configuration: AppConfig, role: String, logger: Logger
    ) throws -> RabbitMQMessageQueue {
        let url = try configuration.requireRabbitMQ(role: role)
        var settings = try RabbitMQConfiguration(url: url.secretText)
        settings.namespace = configuration.queue.namespace
        settings.heartbeat = configuration.queue.heartbeat
        settings.operationTimeout = configuration.queue.publishTimeout
        return try RabbitMQMessageQueue(settings, logger: logger)
    }

    private static func makeDecider(_ configuration: AppConfig) -> FireTimesDecider {
        FireTimesDecider(punctuality: configuration.dispatcher.misfireThreshold)
    }
}
