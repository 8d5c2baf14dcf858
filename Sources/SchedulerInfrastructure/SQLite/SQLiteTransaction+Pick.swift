import SchedulerDomain

/// Picking: `PickPlan` decides by the first runs of each class (tenant, type and priority), and where those are held
/// back, by the first runs of some lanes; so no backlog is walked through, however long it is.
extension SQLiteTransaction {
    /// The most lanes that one pass looks at; the next goes on after them.
    static let mostLanes = 1_000

    /// Decides which runs start, and notes whose turn it is afterwards.
    ///
    /// - Parameter slots: what may be filled; nil: what the live workers have free.
    /// - Returns: the runs, and whether more may start now.
    func plan(slots: FreeSlots?, limit: Int) throws -> (runs: [WaitingRun], isPartial: Bool) {
        var snapshot = try pickSituation()
        let slots = slots ?? snapshot.freeSlots
        guard !slots.types.isEmpty else { return ([], false) }
        try readHeads(into: &snapshot, types: Set(slots.types), size: limit)
        guard !snapshot.waiting.isEmpty else { return ([], false) }
        try readLimits(into: &snapshot)
        var plan = PickPlan(snapshot, slots: slots, limit: limit)
        var turns = plan.turns
        var isPartial = plan.runs.count >= limit
        if !isPartial, snapshot.cutTypes.contains(where: plan.freeSlots.has) {
            let lane = try readLanes(into: &snapshot, slots: slots, size: limit)
            plan = PickPlan(snapshot, slots: slots, limit: limit)
            turns = plan.turns
            isPartial = turns.sweep.advance(to: lane, isFull: plan.runs.count >= limit)
        }
        if turns != snapshot.turns { try execute(SQLitePickSQL.saveTurns, try SQLiteValue.json(turns)) }
        return (plan.runs, isPartial)
    }

    /// How long until the next pending run becomes due.
    func nextDueIn() throws -> Duration? {
        let next = try row(SQLitePickSQL.nextDue, now.column) { $0.optionalInstant() } ?? nil
        return next.map { now.duration(to: $0) }
    }

    /// A run and what decides when it starts.
    func outlook(of id: RunID, tenant: TenantID) throws -> RunOutlook? {
        guard let run = try run(id), run.tenant == tenant else { return nil }
        var snapshot = try pickSituation()
        let types = Set(snapshot.workers.filter(\.takesRuns).flatMap(\.taskTypes)).union([run.taskType])
        try readHeads(into: &snapshot, types: types, size: 500)
        try readLimits(into: &snapshot, also: run.task)
        let most = RunHolders.most
        return RunOutlook(
            run: run, snapshot: snapshot,
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
                takesRuns: try reader.word(WorkerStatus.self).takesRuns)
        }
        snapshot.underWay = try rows(SQLitePickSQL.underWay) { reader in
            RunsUnderWay(
                tenant: TenantID(try reader.text()), task: TaskID(try reader.integer()), taskType: try reader.text(),
                concurrencyKey: reader.optionalText(), worker: try reader.optionalWorkerID(), count: try reader.int())
        }
        return snapshot
    }

    private func readHeads(into snapshot: inout PickSnapshot, types: Set<String>, size: Int) throws {
        let classes = try classes().filter { types.contains($0.type) }
        let most = min(size, max(64, 4 * size / max(1, classes.count)))
        for each in classes {
            let runs = try rows(
                SQLitePickSQL.heads, each.tenant.rawValue, each.type, each.priority.level, now.column, most,
                read: { try $0.waitingRun() })
            snapshot.waiting += runs
            if runs.count >= most { snapshot.cutTypes.insert(each.type) }
        }
    }

    private func classes() throws -> [SQLitePickClass] {
        var classes: [SQLitePickClass] = []
        var after = SQLitePickClass(tenant: TenantID(""), type: "", level: -1)
        while let next = try row(
            SQLitePickSQL.nextClass, after.tenant.rawValue, after.type, after.level,
            read: { SQLitePickClass(tenant: TenantID(try $0.text()), type: try $0.text(), level: try $0.int()) })
        {
            classes.append(next)
            after = next
        }
        return classes
    }

    /// Adds the first runs of the next lanes.
    ///
    /// - Returns: where the next pass goes on; nil: at the first lane.
    private func readLanes(into snapshot: inout PickSnapshot, slots: FreeSlots, size: Int) throws -> PickLane? {
        let lanes = try lanes(after: snapshot.turns.sweep.last)
        let atLimit = PickAdmission(snapshot, slots: slots).tasksAtLimit(among: snapshot.underWay)
        let most = min(size, max(1, 4 * size / max(1, lanes.count)))
        var known = Set(snapshot.waiting.map(\.id))
        for lane in lanes where !atLimit.contains(lane.task) {
            let runs = try rows(
                SQLitePickSQL.laneHeads, lane.task.rawValue, lane.priority.level, lane.version, lane.trigger.rawValue,
                now.column, most, read: { try $0.waitingRun() })
            snapshot.waiting += runs.filter { slots.has($0.taskType) && known.insert($0.id).inserted }
        }
        try readLimits(into: &snapshot)
        return lanes.count < Self.mostLanes ? nil : lanes.last
    }

    private func lanes(after lane: PickLane?) throws -> [PickLane] {
        var lanes: [PickLane] = []
        var after = (
            lane?.task.rawValue ?? .min, lane?.priority.level ?? 0, lane?.version ?? 0, lane?.trigger.rawValue ?? ""
        )
        while lanes.count < Self.mostLanes,
            let next = try row(
                SQLitePickSQL.nextLane, after.0, after.1, after.2, after.3,
                read: { reader in
                    PickLane(
                        task: TaskID(try reader.integer()), priority: Priority(level: try reader.int()) ?? .normal,
                        version: try reader.int(), trigger: try reader.word())
                })
        {
            lanes.append(next)
            after = (next.task.rawValue, next.priority.level, next.version, next.trigger.rawValue)
        }
        return lanes
    }

    /// Reads the limits of all tasks in the snapshot that it does not know yet, and of its tenants.
    private func readLimits(into snapshot: inout PickSnapshot, also task: TaskID? = nil) throws {
        let tasks = Set(snapshot.waiting.map(\.task) + snapshot.underWay.map(\.task) + [task].compactMap { $0 })
        for task in tasks where snapshot.tasks[task] == nil {
            snapshot.tasks[task] = try row(SQLitePickSQL.taskLimits, task.rawValue) { reader in
                TaskLimits(maxConcurrent: try reader.int(), isPaused: try reader.word(TaskStatus.self) == .paused)
            }
        }
        let tenants = try rows(SQLitePickSQL.tenantLimits) { (TenantID(try $0.text()), try $0.int()) }
        snapshot.tenants = Dictionary(uniqueKeysWithValues: tenants)
    }
}

/// What waits of a tenant, type and priority is read as one range of an index.
private struct SQLitePickClass {
    var tenant: TenantID
    var type: String
    var level: Int

    var priority: Priority { Priority(level: level) ?? .normal }
}

extension SQLiteRowReader {
    fileprivate mutating func waitingRun() throws -> WaitingRun {
        WaitingRun(
            id: try runID(), attempt: try int(), tenant: TenantID(try text()), task: TaskID(try integer()),
            taskType: try text(), concurrencyKey: optionalText(), priority: Priority(level: try int()) ?? .normal,
            trigger: try word(), dueAt: try instant())
    }
}
