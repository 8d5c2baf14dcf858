import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// How a worker's time under one identifier ended.
enum LifeEnd: Sendable, Hashable {
    /// It stopped by itself, and all its runs have ended.
    case drained
    /// The store has given it up; it has to take another identifier.
    case lost
}

/// How soon a worker shall end.
enum StopRequest: Sendable, Hashable {
    /// Runs may finish within the shutdown grace.
    case graceful
    /// Runs are handed back now.
    case now
}

/// A worker's time under one identifier, from its registration to its end.
///
/// What takes work (intakes, direct picker) and what watches it (heartbeat, time limits) ends first; then the
/// executions, which nothing cancels as a group: each is stopped by name and leaves an outcome.
struct WorkerLife: Sendable {
    /// Reserved at the end of the shutdown grace for reporting and settling.
    private static let reportingTime = Duration.seconds(3)
    private static let deadlineTick = Duration.milliseconds(50)

    let worker: WorkerID
    let identity: WorkerIdentity
    let store: any SchedulerStore
    let queue: any MessageQueue
    let executors: any ExecutorRegistry
    let specs: TaskSpecCache
    let held: HeldAttempts
    let slots: Slots
    let keeper: OutcomeKeeper
    let logs: LogShipper
    let configuration: WorkerConfiguration
    let clock: any SchedulerClock
    let logger: Logger
    let fence: WorkerFence
    let onUnfenceable: @Sendable (_ sentence: String) -> Void
    let stop: Latch<StopRequest>
    /// Fires where there is no time for a drain.
    let stopNow: Latch<Void>
    let standing: WorkerStanding
    /// Until when a drain may take; fires when there is one.
    private let drainEnd = Latch<ContinuousClock.Instant>()

    func run() async -> LifeEnd {
        let life = Latch<LifeEnd>()
        let watch = FenceWatch(
            worker: worker, fence: fence, held: held, life: life, onUnfenceable: onUnfenceable, logger: logger)
        // Also for as long as executions end after that.
        return await watch.during { await live(life) }
    }

    private func live(_ life: Latch<LifeEnd>) async -> LifeEnd {
        let claimed = ClaimedRuns(held: held, slots: slots)
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await claimed.executeAll(execution) }
            let end = await takeWork(claimed, life)
            // Work that was claimed while the watchers ended is stopped as well.
            held.stopAll(end == .lost ? .lost : .drain)
            claimed.finish()
            await group.waitForAll()
            if end == .lost, await wasToDrain() { stop.fire(.graceful) }
            // A claim that was under way at the end of the drain has left outcomes only now.
            if stop.value != nil {
                let reported = MonotonicClock.now + WorkerLife.reportingTime
                await wait(until: min(reported, drainEnd.value ?? reported)) { held.isEmpty && logs.isEmpty }
            }
            return end
        }
    }

    /// Whether a drain was asked for that no heartbeat has told, since the worker was taken offline before.
    private func wasToDrain() async -> Bool {
        do {
            guard try await store.workers.find(worker)?.drainRequestedAt != nil else { return false }
            note("The worker was asked to drain through the API before it was taken offline; it ends")
            return true
        } catch {
            logger.warning(
                "Whether the worker was asked to drain cannot be read; it goes on: \(String(reflecting: error))",
                metadata: [LogKey.workerID: "\(worker)"])
            return false
        }
    }

    private var execution: RunExecution {
        RunExecution(
            worker: worker, specs: specs, upstreams: UpstreamLoader(runs: store.runs), executors: executors, held: held,
            fence: fence, slots: slots, keeper: keeper, logs: logs, clock: clock, logger: logger)
    }

    private func takeWork(_ claimed: ClaimedRuns, _ life: Latch<LifeEnd>) async -> LifeEnd {
        let gate = IntakeGate()
        let pulse = LoopPulse(at: MonotonicClock.now)
        let claims = ClaimRuns(
            worker: worker, runs: store.runs, mayClaim: { [fence] in fence.isOpen(at: MonotonicClock.now) },
            logger: logger)
        let heartbeat = HeartbeatManager(
            worker: worker, store: store, executors: executors, interval: configuration.heartbeat, held: held,
            fence: fence, pulse: pulse, patience: configuration.loopPatience, slots: slots, life: life,
            stop: stop, standing: standing, logger: logger)
        let picker = DirectPicker(
            worker: worker, taskTypes: identity.taskTypes, runs: store.runs, queue: queue, claimed: claimed,
            slots: slots, keeper: keeper, gate: gate, fence: fence, configuration: configuration, life: life,
            logger: logger)
        return await withDiscardingTaskGroup { group in
            for source in identity.taskTypes.map(QueueName.tasks) + [.worker(worker)] {
                let intake = TaskIntake(
                    source: source, queue: queue, claims: claims, claimed: claimed, held: held, slots: slots,
                    keeper: keeper, gate: gate, fence: fence, life: life, logger: logger)
                group.addTask { await intake.run() }
            }
            group.addTask { await heartbeat.run() }
            group.addTask { await picker.run() }
            group.addTask { await watchDeadlines(pulse) }
            group.addTask {
                guard await stop.wait() != nil else { return }
                await drain(gate, heartbeat)
                life.fire(.drained)
            }
            let end = await life.wait() ?? .drained
            if end == .lost { held.stopAll(.lost) }
            await gate.close()
            group.cancelAll()
            return end
        }
    }

    /// The worker's loop: where this hangs, because no thread is free or one of the locks never is, so does the worker.
    private func watchDeadlines(_ pulse: LoopPulse) async {
        while !Task.isCancelled {
            do { try await MonotonicClock.sleep(for: WorkerLife.deadlineTick) } catch { return }
            let now = MonotonicClock.now
            // Asked first: what the keeper ended while this process was stopped has not exceeded its time.
            if let reason = fence.reasonToStop(at: now) { held.stopAll(reason) }
            held.stopOverdue(at: now)
            _ = (slots.free, keeper.isFull, logs.isEmpty)
            pulse.touch(at: now)
        }
    }

    /// Takes nothing new, lets runs finish as long as there is time, hands the rest back, and waits until the store
    /// has every outcome or the time is over.
    private func drain(_ gate: IntakeGate, _ heartbeat: HeartbeatManager) async {
        let began = MonotonicClock.now
        await gate.close()
        await heartbeat.announceDrain()
        let lastMoment = began + configuration.shutdownGrace - configuration.killGrace - WorkerLife.reportingTime
        let time = max(.zero, began.duration(to: lastMoment))
        note("The worker drains: it takes nothing new; \(held.executingCount) runs may finish within \(time)")
        await wait(until: lastMoment) { held.executingCount == 0 || stopNow.value != nil }
        let left = held.executingCount
        if left > 0 { note("The time to finish is over: \(left) runs are stopped and handed back, at no retry's cost") }
        held.stopAll(.drain)
        // An attempt is held from its claim until the store has its outcome, the time of its last log lines included.
        let end = began + configuration.shutdownGrace - .seconds(1)
        drainEnd.fire(end)
        await wait(until: end) { held.isEmpty && logs.isEmpty }
        if held.isEmpty {
            note("The worker has drained: every run has ended and the store has every outcome")
        } else {
            logger.warning(
                "The worker leaves at the end of its time: \(held.executingCount) runs have not ended, or outcomes are unsettled",
                metadata: [LogKey.workerID: "\(worker)"])
        }
    }

    private func note(_ sentence: String) {
        logger.notice("\(sentence)", metadata: [LogKey.workerID: "\(worker)"])
    }

    private func wait(until end: ContinuousClock.Instant, for condition: () -> Bool) async {
        while !condition(), MonotonicClock.now < end {
            do { try await MonotonicClock.sleep(for: .milliseconds(20)) } catch { return }
        }
    }
}
