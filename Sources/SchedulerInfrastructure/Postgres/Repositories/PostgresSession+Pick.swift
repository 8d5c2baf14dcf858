import SchedulerDomain
import SchedulerErrors

/// One pass of the picker inside its transaction, and the same look at the store for an explanation.
extension PostgresSession {
    /// The most runs of a tenant, type and priority that an explanation looks at.
    private static let outlookSize = 500

    /// Decides which runs start.
    ///
    /// - Parameters:
    ///   - slots: what may be filled; nil: what the live workers have free.
    ///   - worker: who asks for itself; nil: for all.
    func plan(
        slots: FreeSlots?, for worker: WorkerID? = nil, limit: Int, now: PostgresParameter, _ cache: ExecutorCache
    ) throws -> PostgresPick {
        var situation = try pickSituation(now: now)
        if let worker { situation.workers.removeAll { $0.worker != worker } }
        return PostgresPick(
            try PickPass(situation, slots: slots ?? situation.freeSlots, limit: limit, from: source(cache)),
            before: situation.turns)
    }

    /// What decides when the run starts; of one that does not wait, nothing.
    func outlook(of run: TaskRun, now: PostgresParameter, _ cache: ExecutorCache) throws -> RunOutlook {
        let situation = try pickSituation(now: now)
        guard run.status == .pending else { return RunOutlook(run: run, snapshot: PickSnapshot(now: situation.now)) }
        let pass = try PickPass(
            situation, slots: situation.freeSlots.endless(for: run.taskType), limit: .max, size: Self.outlookSize,
            also: WaitingRun(run), from: source(cache))
        return RunOutlook(run: run, snapshot: pass.snapshot, holders: try holders(of: run))
    }

    private func source(_ cache: ExecutorCache) -> PostgresPickSource {
        PostgresPickSource(session: self, executorCache: cache)
    }

    /// Some of the runs that count against the limits of the run.
    private func holders(of run: TaskRun) throws -> RunHolders {
        var holders = RunHolders()
        _ = try execute(
            RunPicking.holders,
            [
                .int8(run.task.rawValue), .text(run.tenant.rawValue), .text(run.concurrencyKey),
                .int8(Int64(RunHolders.most)),
            ]
        ).map { row in
            let isOfTask = try row.bool()
            let id = RunID(bits: try row.uuid())
            if isOfTask { holders.ofTask.append(id) } else { holders.ofKey.append(id) }
        }
        return holders
    }

    /// How long until the next pending run becomes due.
    func nextDueIn(after now: UTCInstant) throws -> Duration? {
        try execute(RunPicking.nextDue, [.instant(now)]).first { try $0.optionalInstant() }?
            .map { now.duration(to: $0) }
    }

    private func pickSituation(now: PostgresParameter) throws -> PickSnapshot {
        let rows = try execute(RunPicking.situation, [now])
        guard
            var snapshot = try rows.first({ row in
                PickSnapshot(
                    now: try row.instant(),
                    turns: try row.optionalText().map { try PostgresJSON.decode(PickTurns.self, $0) } ?? PickTurns())
            })
        else {
            throw SchedulerError(.database, "pick_turns has no row; the database was changed by hand or is damaged")
        }
        snapshot.workers = try rows.map { row -> WorkerSlots? in
            _ = (try row.instant(), row.optionalText())
            guard let worker = try row.optionalUUID() else { return nil }
            return WorkerSlots(
                worker: WorkerID(bits: worker), slots: try row.int(), taskTypes: try row.texts(),
                takesRuns: try row.bool(), executors: try row.optionalTexts())
        }.compactMap { $0 }
        snapshot.underWay = try execute(RunPicking.underWay, []).map { row in
            var runs = RunsUnderWay(
                tenant: TenantID(try row.text()), task: TaskID(try row.int64()), taskType: try row.text(),
                concurrencyKey: row.optionalText(), worker: try row.optionalUUID().map(WorkerID.init),
                count: 0)
            runs.isSuspect = try row.bool()
            runs.count = try row.int()
            return runs
        }
        return snapshot
    }
}

/// What one pass decided.
struct PostgresPick {
    let now: UTCInstant
    let runs: [WaitingRun]
    /// The workers that runs among them go to by name.
    let destinations: [RunID: WorkerID]
    /// More may start now: the pass ended at a bound of its own.
    let isPartial: Bool
    /// Whether there is something to write.
    let changes: Bool
    private let turns: PickTurns

    init(_ pass: PickPass, before: PickTurns) {
        now = pass.snapshot.now
        runs = pass.plan.runs
        destinations = pass.plan.destinations
        isPartial = pass.isPartial
        turns = pass.turns
        changes = turns != before || !runs.isEmpty
    }

    /// The parameters of the statement that takes the runs.
    func parameters() throws -> [PostgresParameter] {
        [.instant(now), .uuids(runs.map(\.id.bits)), .text(try PostgresJSON.encode(turns))]
    }
}
