import SchedulerDomain

/// Leads claimed runs from where they are claimed to the group that executes them.
///
/// At most as many wait in it as there are slots.
struct ClaimedRuns: Sendable {
    private let runs: AsyncStream<[ClaimedRun]>
    private let input: AsyncStream<[ClaimedRun]>.Continuation
    private let held: HeldAttempts
    private let slots: Slots

    init(held: HeldAttempts, slots: Slots) {
        (runs, input) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
        self.held = held
        self.slots = slots
    }

    /// Enters what the store returned for slots that were taken, drops what is held already, and frees the rest.
    ///
    /// Heartbeats name it from now on, so that a cancellation finds it.
    ///
    /// - Returns: what is to be started.
    func admit(_ claimed: [ClaimedRun], takenSlots: Int) -> [ClaimedRun] {
        let new = held.admit(claimed)
        slots.release(takenSlots - new.count)
        return new
    }

    /// Starts what was admitted.
    func start(_ admitted: [ClaimedRun]) {
        if !admitted.isEmpty { input.yield(admitted) }
    }

    /// No more are started.
    func finish() { input.finish() }

    /// Executes runs side by side; returns after `finish` when all have ended.
    ///
    /// Not to be cancelled: what is stopped is stopped attempt by attempt, so that each leaves an outcome.
    func executeAll(_ execution: RunExecution) async {
        await withDiscardingTaskGroup { group in
            for await batch in runs {
                for run in batch { group.addTask { await execution.run(run) } }
            }
        }
    }
}
