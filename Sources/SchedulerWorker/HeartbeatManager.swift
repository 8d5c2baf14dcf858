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
/// It has a thread of its own, so that functions of users which hold all of Swift's threads do not cost the lease. But it
/// beats only while the worker's loop goes round: where that has stood still for longer than `patience`, the worker does
/// nothing for its runs any more, and its silence gives them to others.
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
    private let fence: WorkerFence
    private let pulse: LoopPulse
    private let patience: Duration
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
        held: HeldAttempts, fence: WorkerFence, pulse: LoopPulse, patience: Duration, slots: Slots,
        life: Latch<LifeEnd>, stop: Latch<StopRequest>, standing: WorkerStanding, logger: Logger
    ) {
        self.worker = worker
        workers = store.workers
        wakeUps = store.wakeUps
        self.executors = executors
        self.interval = interval
        self.held = held
        self.fence = fence
        self.pulse = pulse
        self.patience = patience
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
                fence.takeAway(at: MonotonicClock.now)
                return life.fire(.lost)
            } catch is LeaseIsOver {
                return life.fire(.lost)
            } catch let error as HungLoop {
                if !isFailing { logger.error("\(error.sentence)", metadata: [LogKey.workerID: "\(worker)"]) }
                isFailing = true
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
        let heartbeat = Heartbeat(
            worker: worker, status: status, currentTaskCount: held.executingCount, held: held.all,
            executors: executors.names)
        // The lease counts from here. Asked now, since all before may be as old as the process was stopped for.
        let sentAt = MonotonicClock.now
        guard fence.mayBeat(at: sentAt) else { throw LeaseIsOver() }
        let age = pulse.age(at: sentAt)
        guard age <= patience else { throw HungLoop(age: age) }
        try await FailPoint.hit(.beatBeforeSend)
        let answer = try await workers.beat(heartbeat)
        try await FailPoint.hit(.beatAfterAnswer)
        fence.renew(sentAt: sentAt, at: MonotonicClock.now)
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

/// The last good beat was sent a whole lease ago.
private struct LeaseIsOver: Error {}

/// The worker's loop has not gone round for too long.
private struct HungLoop: Error {
    let age: Duration

    var sentence: String {
        "The worker's loop has stood still for \(age); it sends no heartbeat until the loop goes on, and loses its runs otherwise"
    }
}
