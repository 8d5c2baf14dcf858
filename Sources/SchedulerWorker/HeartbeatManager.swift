import Logging
import SchedulerDomain
import SchedulerErrors
import Synchronization

/// Renews the worker's lease in the store, and hears there which runs are to be cancelled.
///
/// It beats from a Swift task beside the executions. A thread of its own, which also watches whether the worker's loop
/// still ticks, belongs to self-fencing.
final class HeartbeatManager: Sendable {
    private let worker: WorkerID
    private let workers: any WorkerRepository
    private let interval: Duration
    private let held: HeldAttempts
    private let slots: Slots
    private let life: Latch<LifeEnd>
    private let logger: Logger
    private let isDraining = Atomic(false)

    init(
        worker: WorkerID, workers: any WorkerRepository, interval: Duration, held: HeldAttempts, slots: Slots,
        life: Latch<LifeEnd>, logger: Logger
    ) {
        self.worker = worker
        self.workers = workers
        self.interval = interval
        self.held = held
        self.slots = slots
        self.life = life
        self.logger = logger
    }

    /// Beats until it is cancelled or the store has given the worker up.
    func run() async {
        var isFailing = false
        while !Task.isCancelled {
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
            // A failed beat is repeated sooner, so that a short outage does not cost the lease.
            do { try await Task.sleep(for: isFailing ? min(interval, .seconds(1)) : interval) } catch { return }
        }
    }

    /// Lets dispatchers know at once that nothing more is taken; the next beat repeats it.
    func announceDrain() async {
        isDraining.store(true, ordering: .relaxed)
        do {
            try await beat()
        } catch {
            logger.info("The drain could not be announced; the next heartbeat does it: \(error)")
        }
    }

    private func beat() async throws {
        let executing = held.executing
        let answer = try await workers.beat(
            Heartbeat(worker: worker, status: status, currentTaskCount: executing.count, held: executing))
        for attempt in answer.cancelRequested { held.stop(attempt, .cancelRequested) }
    }

    private var status: WorkerStatus {
        if isDraining.load(ordering: .relaxed) { return .draining }
        return slots.free == 0 ? .busy : .online
    }
}
