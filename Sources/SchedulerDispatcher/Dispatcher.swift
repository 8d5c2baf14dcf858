public import Logging
public import SchedulerApplication
public import SchedulerConfig
public import SchedulerDomain
public import SchedulerFoundation
public import ServiceLifecycle

/// The dispatcher role, put together.
public enum Dispatcher {
    /// The loops of one dispatcher, to be run beside each other in this order in a `ServiceGroup`.
    ///
    /// - Parameters:
    ///   - lease: how long a silent worker is believed in; the same for all processes.
    ///   - killGrace: how long workers let a process that was told to stop go on; the longest of all of them.
    ///   - partitions: the store's tables of finished runs, where they are kept by day.
    ///   - isItemFault: whether an error of a batch is the fault of one of its outcomes.
    ///   - clock: stamps messages; fire times go by the store's own.
    public static func services(
        store: any SchedulerStore,
        queue: any MessageQueue,
        settings: DispatcherConfig = DispatcherConfig(),
        lease: Duration = Defaults.lease,
        killGrace: Duration = Defaults.killGrace,
        partitions: (any HistoryPartitions)? = nil,
        isItemFault: @escaping @Sendable (any Error) -> Bool = SettleRuns.isItemFault,
        clock: any SchedulerClock = SystemClock(),
        logger: Logger
    ) -> [any Service] {
        let freed = Signal()
        let elector = LeaderElector(
            locks: store.locks, owner: "\(WorkerID.fresh(at: clock.now))", term: settings.leaderTerm,
            logger: logger)
        let recovery = RecoveryService(
            recovery: store.recovery, elector: elector, freed: freed, lease: lease, unclaimedAfter: settings.unclaimed,
            overdueAfter: killGrace + .seconds(30), logger: logger)
        let housekeeper = partitions.map {
            Housekeeper(partitions: $0, elector: elector, daysAhead: settings.partitionsAheadDays, logger: logger)
        }
        let logRetention = LogRetention(
            logs: store.runLogs, elector: elector, retention: .seconds(86_400 * settings.logRetentionDays),
            logger: logger)
        let refusedRetention = RefusedRetention(
            lateReports: store.lateReports, deadLetters: store.deadLetters, elector: elector, logger: logger)
        let zoneWatch = ZoneWatch(
            followZones: FollowZones(
                settings: store.zoneSettings, zones: SystemZones.shared, wakeUps: store.wakeUps, logger: logger),
            elector: elector, logger: logger)
        let ticker = Ticker(
            fireDueTasks: FireDueTasks(
                tasks: store.tasks, wakeUps: store.wakeUps,
                decider: FireTimesDecider(punctuality: settings.misfireThreshold), logger: logger),
            wakeUps: store.wakeUps, isLeading: { elector.lease != nil }, poll: settings.poll, logger: logger)
        let picker = Picker(
            pickRuns: PickRuns(
                runs: store.runs, queue: queue, clock: clock, batch: settings.pickBatch, logger: logger),
            queue: queue, wakeUps: store.wakeUps, signal: freed, poll: settings.poll, logger: logger)
        let receiver = OutcomeReceiver(
            queue: queue, settleRuns: SettleRuns(runs: store.runs, isItemFault: isItemFault, logger: logger),
            freed: freed, logger: logger)
        let deadLetters = DeadLetterReceiver(queue: queue, deadLetters: store.deadLetters, logger: logger)
        // The receiver is shut down last, since it settles what the others still cause.
        let duties: [any Service] =
            [elector, recovery, zoneWatch, logRetention, refusedRetention]
            + (housekeeper.map { [$0] } ?? [])
        return [deadLetters, receiver] + duties + [ticker, picker]
    }
}
