import Logging
import SchedulerDomain
import SchedulerFoundation

/// Watches a worker's lease on a thread of its own, and does what its end asks for.
///
/// Nothing of users runs on that thread, not even their handlers of a cancellation, so that nobody can hold it up.
struct FenceWatch: Sendable {
    private static let tick = Duration.milliseconds(50)

    let worker: WorkerID
    let fence: WorkerFence
    let held: HeldAttempts
    let life: Latch<LifeEnd>
    let onUnfenceable: @Sendable (_ sentence: String) -> Void
    let logger: Logger

    /// Watches while the body runs.
    func during<Result: Sendable>(_ body: @Sendable () async -> Result) async -> Result {
        await withDiscardingTaskGroup { group in
            group.addTask { await run() }
            let result = await body()
            group.cancelAll()
            return result
        }
    }

    private func run() async {
        await withOwnThread(named: "fence") { clock in
            while !Task.isCancelled {
                do { try await clock.sleep(for: FenceWatch.tick) } catch { return }
                while act(at: clock.now) {}
            }
        }
    }

    /// - Returns: whether there was something to do.
    private func act(at now: ContinuousClock.Instant) -> Bool {
        switch fence.tick(at: now, mustReturn: held.someMustReturn) {
        case .wait: return false
        case .stopWork: stopWork(at: now)
        case .giveUp: life.fire(.lost)
        case .exit: onUnfenceable(sentence)
        }
        return true
    }

    private func stopWork(at now: ContinuousClock.Instant) {
        guard let reason = fence.reasonToStop(at: now) else { return }
        let stop: @Sendable () -> Void = { [self] in
            held.stopAll(reason)
            guard reason == .fenced else { return }
            logger.warning(
                "The worker could not renew its lease in time: it takes nothing, and what it runs is stopped and handed back",
                metadata: [LogKey.workerID: "\(worker)"])
        }
        aside(named: "fence-stop", stop)
    }

    private var sentence: String {
        "The lease of worker \(worker) ends and something that it runs does not return, so that only the end of the process "
            + "keeps it from running twice"
    }
}
