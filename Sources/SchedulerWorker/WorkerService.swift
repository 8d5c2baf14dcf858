public import Logging
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation
public import ServiceLifecycle

/// The worker role: registers, takes runs, executes them, reports what they came to.
///
/// **Who is authoritative.** The store: only its claim starts an attempt, only its settlement ends one. A message is a
/// hint; an outcome is a fact that this worker keeps until the store is seen to have it.
///
/// **One identifier per life.** The worker registers under a fresh identifier. Where the store answers that it has
/// given that identifier up, the worker stops its tasks, hands them back, and registers anew; outcomes that are not
/// settled yet stay with it, since they still count where nobody restarted the run. Where a drain of that identifier was
/// asked for, it ends instead.
///
/// **The lease.** A worker that cannot renew its lease stops what it runs before the lease ends, takes nothing meanwhile,
/// and hands it back as interrupted; at the end it registers anew. Processes are also stopped by their keeper, which has the
/// deadline, where this process hangs or is stopped itself. A function that was asked to stop and does not return can only
/// end with the process, so `onUnfenceable` ends that.
///
/// **The end.** A graceful shutdown takes nothing new, lets runs finish within the shutdown grace, hands back what
/// does not, and leaves. So does a drain that was asked for through the store: `run` returns, and what else is in the
/// process goes on or ends as its service group says. Cancellation does the same at once.
public struct WorkerService: Service {
    private let identity: WorkerIdentity
    private let store: any SchedulerStore
    private let queue: any MessageQueue
    private let executors: any ExecutorRegistry
    private let configuration: WorkerConfiguration
    private let clock: any SchedulerClock
    private let onUnfenceable: @Sendable (_ sentence: String) -> Void
    private let logger: Logger
    private let standing = WorkerStanding()

    /// - Parameters:
    ///   - identity: who it is in lists of workers, and which queues it consumes.
    ///   - executors: looked up by name at the start of each attempt. Where it is a `LeaseEnforcer` it is given the lease.
    ///   - clock: stamps start and end of attempts; waiting and time limits follow the machine's monotonic clock.
    ///   - onUnfenceable: called, on a thread of the worker's own, where the lease ends although something runs that does not
    ///     return. Nil: the process is ended at once, with exit code 70 and the sentence in the log, whatever else it does.
    ///     Something of your own must end it as well, or accept that the run is executed twice at the same time: the
    ///     worker does no more about it, and works again when the function has returned.
    public init(
        identity: WorkerIdentity,
        store: any SchedulerStore,
        queue: any MessageQueue,
        executors: any ExecutorRegistry,
        configuration: WorkerConfiguration,
        clock: any SchedulerClock = SystemClock(),
        onUnfenceable: (@Sendable (_ sentence: String) -> Void)? = nil,
        logger: Logger
    ) {
        self.identity = identity
        self.store = store
        self.queue = queue
        self.executors = executors
        self.configuration = configuration
        self.clock = clock
        self.onUnfenceable = onUnfenceable ?? { ProcessExit.now($0, logger: logger) }
        self.logger = logger
    }

    /// Returns where the worker can serve: it is registered, the store has heard it within its lease, and it does not
    /// drain.
    ///
    /// - Throws: `unavailable` with the reason.
    public func checkStanding() throws { try standing.check(lease: configuration.lease, at: MonotonicClock.now) }

    /// Works until a graceful shutdown, a drain or cancellation.
    ///
    /// - Throws: what registering fails with where no repetition mends it.
    public func run() async throws {
        let stop = Latch<StopRequest>()
        let stopNow = Latch<Void>()
        // Shielded, because the end of a worker takes time that cancellation does not give: processes are stopped,
        // their outcomes reported. It is bounded by the shutdown grace.
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await withCancellationShield { try await work(until: stop, stopNow) }
            } onGracefulShutdown: {
                stop.fire(.graceful)
            }
        } onCancel: {
            stopNow.fire(())
            stop.fire(.now)
        }
    }

    private func work(until stop: Latch<StopRequest>, _ stopNow: Latch<Void>) async throws {
        HeldFolder.removeLeftOnes()
        let held = HeldAttempts()
        let slots = Slots(configuration.slots)
        let specs = TaskSpecCache(tasks: store.tasks)
        let keeper = OutcomeKeeper(
            runs: store.runs, queue: queue, held: held, configuration: configuration, clock: clock, logger: logger)
        let logs = LogShipper(store.runLogs, limits: LogLimits(configuration), clock: clock, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.run() }
            group.addTask { await logs.run() }
            defer { group.cancelAll() }
            while stop.value == nil {
                guard let (worker, sentAt) = try await register(until: stop) else { break }
                let fence = WorkerFence(
                    configuration.isFenced
                        ? FenceTimes(lease: configuration.lease, killGrace: configuration.killGrace) : nil,
                    registrationSentAt: sentAt, enforcer: executors as? any LeaseEnforcer)
                let life = WorkerLife(
                    worker: worker, identity: identity, store: store, queue: queue, executors: executors, specs: specs,
                    held: held, slots: slots, keeper: keeper, logs: logs, configuration: configuration, clock: clock,
                    logger: logger, fence: fence, onUnfenceable: onUnfenceable, stop: stop, stopNow: stopNow,
                    standing: standing)
                let end = await life.run()
                standing.left()
                await leave(worker)
                if end == .lost, stop.value == nil {
                    logger.warning("Worker \(worker) has lost its lease; it takes a new identifier")
                }
            }
        }
    }

    /// Registers under a fresh identifier; waits while the store is away.
    ///
    /// - Returns: the identifier, and when the registration was sent; nil where the worker was told to stop meanwhile.
    private func register(
        until stop: Latch<StopRequest>
    ) async throws -> (worker: WorkerID, sentAt: ContinuousClock.Instant)? {
        var backoff = Backoff()
        var worker = WorkerID.fresh(at: clock.now)
        while stop.value == nil {
            do {
                let info = identity.info(
                    id: worker, executors: executors.names, slots: configuration.slots, at: clock.now)
                let sentAt = MonotonicClock.now
                try await store.workers.register(info)
                try await FailPoint.hit(.registerAfterCommit)
                standing.heard(sentAt)
                let types = identity.taskTypes.joined(separator: ", ")
                logger.info(
                    "Worker \(identity.name) takes \(types) with \(configuration.slots) slots",
                    metadata: [LogKey.workerID: "\(worker)"])
                return (worker, sentAt)
            } catch let error as SchedulerError where error.code == .lockLost {
                worker = WorkerID.fresh(at: clock.now)
            } catch let error as SchedulerError where error.isTransient {
                logger.warning("The worker cannot register yet: \(String(reflecting: error))")
            }
            try await MonotonicClock.sleep(for: backoff.next())
        }
        return nil
    }

    /// Nothing runs under the identifier any more; what the store still believes to run is taken back from it.
    private func leave(_ worker: WorkerID) async {
        do {
            try await store.workers.leave(worker)
        } catch {
            logger.info("The worker could not sign off and will be seen as silent: \(String(reflecting: error))")
        }
    }
}
