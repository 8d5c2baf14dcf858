import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Takes runs from the store itself while the broker is away, so that work goes on without it.
struct DirectPicker: Sendable {
    private static let batch = 500

    let worker: WorkerID
    let taskTypes: [String]
    let runs: any TaskRunRepository
    let queue: any MessageQueue
    let claimed: ClaimedRuns
    let slots: Slots
    let keeper: OutcomeKeeper
    let gate: IntakeGate
    let fence: WorkerFence
    let configuration: WorkerConfiguration
    let life: Latch<LifeEnd>
    let logger: Logger

    /// Looks until the gate closes or the task is cancelled.
    func run() async {
        var awaySince: ContinuousClock.Instant?
        var isPicking = false
        while !Task.isCancelled, !gate.isClosed {
            let pause = jittered(isPicking ? configuration.directPoll : look)
            do { try await MonotonicClock.sleep(for: pause) } catch { return }
            guard !queue.isConnected else {
                if isPicking { logger.info("The broker is back; runs come through it again") }
                awaySince = nil
                isPicking = false
                continue
            }
            let since = awaySince ?? MonotonicClock.now
            awaySince = since
            guard since.duration(to: MonotonicClock.now) >= configuration.brokerPatience else { continue }
            if !isPicking { logger.warning("The broker is away; runs are taken from the store") }
            isPicking = true
            await pickAll()
        }
    }

    private var look: Duration { min(configuration.directPoll, configuration.brokerPatience / 4) }

    /// Workers that lost the broker together do not come together.
    private func jittered(_ duration: Duration) -> Duration {
        var chance = Chance()
        return duration * Double.random(in: 0.8...1.2, using: &chance)
    }

    private func pickAll() async {
        while !gate.isClosed, !keeper.isFull, !Task.isCancelled, fence.isOpen(at: MonotonicClock.now) {
            let taken = slots.take(upTo: DirectPicker.batch)
            guard taken > 0 else { return }
            do {
                let picked = try await runs.pickAndClaim(for: worker, taskTypes: taskTypes, limit: taken)
                if !picked.isEmpty { try await FailPoint.hit(.directPickAfterCommit) }
                claimed.start(claimed.admit(picked, takenSlots: taken))
                if picked.count < taken { return }
            } catch {
                slots.release(taken)
                return handle(error)
            }
        }
    }

    private func handle(_ error: any Error) {
        switch (error as? SchedulerError)?.code {
        case .lockLost:
            fence.takeAway(at: MonotonicClock.now)
            life.fire(.lost)
        case .outcomeUnknown:
            // Runs may have been started in the store that nobody can name here, since a pick is not repeatable. A
            // worker that leaves gives them back.
            logger.warning("A pick may or may not have been made; the worker registers anew")
            life.fire(.lost)
        default: logger.debug("A pick failed: \(String(reflecting: error))")
        }
    }
}
