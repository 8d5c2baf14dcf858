import SchedulerDomain

extension InMemoryState {
    /// What the picker decides by: here all that is due.
    ///
    /// - Parameter worker: who asks for itself; nil: for all.
    func pickSnapshot(for worker: WorkerID? = nil, now: UTCInstant) -> PickSnapshot {
        let pending = live.values.filter { $0.status == .pending }.map(WaitingRun.init)
        let due = live.values.filter { $0.status == .pending && $0.dueAt <= now }
        var snapshot = PickSnapshot(
            now: now, waiting: due.map(WaitingRun.init),
            tasks: tasks.mapValues {
                TaskLimits(maxConcurrent: $0.spec.maxConcurrent, isPaused: $0.status == .paused)
            },
            tenants: tenants.mapValues(\.maxConcurrent),
            underWay: live.values.filter { $0.status != .pending }.map(RunsUnderWay.init),
            workers: workers.values.filter { $0.status != .offline && worker ?? $0.id == $0.id }.map(WorkerSlots.init),
            turns: turns)
        snapshot.note(versions.mapValues(\.executor), of: pending)
        return snapshot
    }

    /// The runs that start now; whose turn it is afterwards is noted.
    ///
    /// - Parameters:
    ///   - slots: what may be filled; nil: what the live workers have free.
    ///   - worker: who asks for itself; nil: for all.
    mutating func plan(slots: FreeSlots?, for worker: WorkerID? = nil, limit: Int, now: UTCInstant) -> PickPlan {
        let snapshot = pickSnapshot(for: worker, now: now)
        let plan = PickPlan(snapshot, slots: slots ?? snapshot.freeSlots, limit: limit)
        turns = plan.turns
        return plan
    }

    func outlook(of id: RunID, tenant: TenantID, now: UTCInstant) -> RunOutlook? {
        guard let run = live[id] ?? history[id], run.tenant == tenant else { return nil }
        guard run.status == .pending else { return RunOutlook(run: run, snapshot: PickSnapshot(now: now)) }
        let active = live.values.filter { $0.status != .pending }
            .sorted { ($0.dispatchedAt ?? now, $0.id) < ($1.dispatchedAt ?? now, $1.id) }
        let ofKey = active.filter {
            $0.tenant == run.tenant && $0.concurrencyKey != nil && $0.concurrencyKey == run.concurrencyKey
        }
        return RunOutlook(
            run: run, snapshot: pickSnapshot(now: now),
            holders: RunHolders(
                ofTask: active.filter { $0.task == run.task }.prefix(RunHolders.most).map(\.id),
                ofKey: ofKey.prefix(RunHolders.most).map(\.id)))
    }
}

extension RunsUnderWay {
    fileprivate init(_ run: TaskRun) {
        self.init(
            tenant: run.tenant, task: run.task, taskType: run.taskType, concurrencyKey: run.concurrencyKey,
            worker: run.status == .running ? run.worker : nil, count: 1,
            isSuspect: run.crashes >= RunJudge.suspectLimit)
    }
}

extension WorkerSlots {
    fileprivate init(_ worker: WorkerInfo) {
        self.init(
            worker: worker.id, slots: worker.maxConcurrentTasks, taskTypes: worker.taskTypes,
            takesRuns: worker.status.takesRuns, executors: worker.executors)
    }
}
