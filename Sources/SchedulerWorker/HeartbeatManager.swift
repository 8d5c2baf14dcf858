import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// Renews the worker's lease in the store, and hears there which runs are to be cancelled and whether it shall leave.
///
/// It beats at regular intervals, and at once where a wake-up says that the store has something to tell. Who sends a
/// wake-up has written to the store before, so a lost one costs time and nothing else.
///
/// It has a thread of its own, so that functions of users which hold all of Swift's threads do not cost the lease.
final class HeartbeatManager: Sendable {
    /// The least time between two beats, however many wake-ups come.
    private static let spacing = Duration.milliseconds(10)
    /// How soon it beats once more after a hint, which may be about a run whose claim was still on its way then.
    private static let secondLook = Duration.milliseconds(300)

    private let worker: WorkerID
    private let workers: any WorkerRepository
    private let wakeUps: any WakeUps
    private let executors: any ExecutorRegistry
    private let interval: Duration
    private let held: HeldAttempts
    private let slots: Slots
    private let life: Latch<LifeEnd>
    private let stop: Latch<StopRequest>
    private let standing: WorkerStanding
    private let logger: Logger
    private let isDraining = Atomic(false)
    private let isHinted = Atomic(false)
    private let woken = Signal()

    init(
        worker: WorkerID, store: any SchedulerStore, executors: any ExecutorRegistry, interval: Duration,
        held: HeldAttempts, slots: Slots,
        life: Latch<LifeEnd>, stop: Latch<StopRequest>, standing: WorkerStanding, logger: Logger
    ) {
        self.worker = worker
        workers = store.workers
        wakeUps = store.wakeUps
        self.executors = executors
        self.interval = interval
        self.held = held
        self.slots = slots
        self.life = life
        self.stop = stop
        self.standing = standing
        self.logger = logger
    }

    /// Beats until it is cancelled or the store has given the worker up.
    func run() async {
        // Made before the first beat, so that between them they miss nothing.
        let hints = wakeUps.stream()
        await withOwnThread(named: "heartbeat") { clock in
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in
                    for await hint in hints where hint == .worker(worker) || hint == .workers {
                        isHinted.store(true, ordering: .relaxed)
                        woken.set()
                    }
                }
                await beatAgainAndAgain(clock)
                group.cancelAll()
            }
        }
    }

    private func beatAgainAndAgain(_ clock: OwnThreadClock) async {
        var isFailing = false
        while !Task.isCancelled {
            let looksAgain = isHinted.exchange(false, ordering: .relaxed)
            do {
                try await beat()
                if isFailing { logger.info("The store hears the worker again") }
                isFailing = false
            } catch let error as SchedulerError where error.code == .lockLost {
                return life.fire(.lost)
            } catch {
                if !isFailing, !Task.isCancelled { logger.warning("A heartbeat failed: \(String(reflecting: error))") }
                isFailing = true
            }
            do { try await clock.sleep(for: min(interval, HeartbeatManager.spacing)) } catch { return }
            // A failed beat is repeated sooner, so that a short outage does not cost the lease.
            let pause: Duration = isFailing ? .seconds(1) : looksAgain ? HeartbeatManager.secondLook : interval
            await woken.wait(atMost: min(pause, interval), clock: clock)
        }
    }

    /// Lets dispatchers know at once that nothing more is taken; the next beat repeats it.
    func announceDrain() async {
        isDraining.store(true, ordering: .relaxed)
        standing.drains()
        do {
            try await beat()
        } catch {
            logger.info("The drain could not be announced; the next heartbeat does it: \(error)")
        }
    }

    private func beat() async throws {
        let sentAt = ContinuousClock.now
        try await FailPoint.hit(.beatBeforeSend)
        let answer = try await workers.beat(
            Heartbeat(
                worker: worker, status: status, currentTaskCount: held.executingCount, held: held.all,
                executors: executors.names))
        try await FailPoint.hit(.beatAfterAnswer)
        standing.heard(sentAt)
        for attempt in answer.cancelRequested { held.stop(attempt, .cancelRequested) }
        if answer.drainRequested, stop.value == nil {
            logger.notice("The worker was asked to drain through the API", metadata: [LogKey.workerID: "\(worker)"])
            stop.fire(.graceful)
        }
    }

    private var status: WorkerStatus {
        if isDraining.load(ordering: .relaxed) { return .draining }
        return slots.free == 0 ? .busy : .online
    }
}
