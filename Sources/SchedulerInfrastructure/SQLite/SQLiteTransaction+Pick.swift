import SchedulerDomain

/// Picking: `PickPass` decides what to read and what starts.
extension SQLiteTransaction {
    /// The most runs of a tenant, type and priority that an explanation looks at.
    private static let outlookSize = 500

    /// Decides which runs start, and notes whose turn it is afterwards.
    ///
    /// - Parameters:
    ///   - slots: what may be filled; nil: what the live workers have free.
    ///   - worker: who asks for itself; nil: for all.
    /// - Returns: the plan, and whether more may start now.
    func plan(
        slots: FreeSlots?, for worker: WorkerID? = nil, limit: Int
    ) throws -> (plan: PickPlan, isPartial: Bool) {
        var situation = try pickSituation()
        if let worker { situation.workers.removeAll { $0.worker != worker } }
        let pass = try PickPass(situation, slots: slots ?? situation.freeSlots, limit: limit, from: self)
        if pass.turns != situation.turns { try execute(SQLitePickSQL.saveTurns, try SQLiteValue.json(pass.turns)) }
        return (pass.plan, pass.isPartial)
    }

    /// How long until the next pending run becomes due.
    func nextDueIn() throws -> Duration? {
        let next = try row(SQLitePickSQL.nextDue, now.column) { $0.optionalInstant() } ?? nil
        return next.map { now.duration(to: $0) }
    }

    /// A run and what decides when it starts; of one that does not wait, only the run.
    func outlook(of id: RunID, tenant: TenantID) throws -> RunOutlook? {
        guard let run = try run(id), run.tenant == tenant else { return nil }
        guard run.status == .pending else { return RunOutlook(run: run, snapshot: PickSnapshot(now: now)) }
        let situation = try pickSituation()
        let pass = try PickPass(
            situation, slots: situation.freeSlots.endless(for: run.taskType), limit: .max, size: Self.outlookSize,
            also: WaitingRun(run), from: self)
        let most = RunHolders.most
        return RunOutlook(
            run: run, snapshot: pass.snapshot,
            holders: RunHolders(
                ofTask: try rows(SQLitePickSQL.holdersOfTask, run.task.rawValue, most) { try $0.runID() },
                ofKey: try rows(SQLitePickSQL.holdersOfKey, run.tenant.rawValue, run.concurrencyKey, most) {
                    try $0.runID()
                }))
    }

    private func pickSituation() throws -> PickSnapshot {
        var snapshot = PickSnapshot(now: now)
        let turns = try row(SQLitePickSQL.turns) { try $0.optionalValue(PickTurns.self) }
        snapshot.turns = turns.flatMap { $0 } ?? PickTurns()
        snapshot.workers = try rows(SQLitePickSQL.workers) { reader in
            WorkerSlots(
                worker: try reader.workerID(), slots: try reader.int(), taskTypes: try reader.value([String].self),
                takesRuns: try reader.word(WorkerStatus.self).takesRuns,
                executors: try reader.optionalValue([String].self))
        }
        snapshot.underWay = try rows(SQLitePickSQL.underWay) { reader in
            var runs = RunsUnderWay(
                tenant: TenantID(try reader.text()), task: TaskID(try reader.integer()), taskType: try reader.text(),
                concurrencyKey: reader.optionalText(), worker: try reader.optionalWorkerID(), count: 0)
            runs.isSuspect = try reader.int() != 0
            runs.count = try reader.int()
            return runs
        }
        return snapshot
    }
}
