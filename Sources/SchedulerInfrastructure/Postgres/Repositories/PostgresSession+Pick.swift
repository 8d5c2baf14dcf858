import SchedulerDomain
import SchedulerErrors

/// One pass of the picker inside its transaction, and the same look at the store for an explanation.
extension PostgresSession {
    /// Decides which runs start: by the first runs of each class, and where those are held back, by lanes.
    ///
    /// - Parameter slots: what may be filled; nil: what the live workers have free.
    func plan(slots: FreeSlots?, limit: Int, now: PostgresParameter) throws -> PostgresPick {
        var snapshot = try pickSituation(now: now)
        let slots = slots ?? snapshot.freeSlots
        var pick = PostgresPick(snapshot)
        guard !slots.types.isEmpty else { return pick }
        try readHeads(into: &snapshot, types: slots.types, size: limit)
        guard !snapshot.waiting.isEmpty else { return pick }
        try readLimits(into: &snapshot)
        var plan = PickPlan(snapshot, slots: slots, limit: limit)
        pick.take(plan, limit: limit)
        if !pick.isPartial, snapshot.cutTypes.contains(where: plan.freeSlots.has) {
            let lane = try readLanes(into: &snapshot, slots: slots, size: limit)
            plan = PickPlan(snapshot, slots: slots, limit: limit)
            pick.take(plan, limit: limit)
            pick.isPartial = pick.turns.sweep.advance(to: lane, isFull: pick.isPartial)
        }
        pick.changes = pick.turns != snapshot.turns || !pick.runs.isEmpty
        return pick
    }

    /// What the picker would see now, with the first runs of the run's type and of those that workers take.
    func pickSnapshot(for run: TaskRun, size: Int, now: PostgresParameter) throws -> PickSnapshot {
        var snapshot = try pickSituation(now: now)
        let types = Set(snapshot.workers.filter(\.takesRuns).flatMap(\.taskTypes)).union([run.taskType])
        try readHeads(into: &snapshot, types: types.sorted(), size: size)
        try readLimits(into: &snapshot, also: run.task)
        return snapshot
    }

    /// Some of the runs that count against the limits of the run.
    func holders(of run: TaskRun) throws -> RunHolders {
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
                takesRuns: try row.bool())
        }.compactMap { $0 }
        snapshot.underWay = try execute(RunPicking.underWay, []).map { row in
            RunsUnderWay(
                tenant: TenantID(try row.text()), task: TaskID(try row.int64()), taskType: try row.text(),
                concurrencyKey: row.optionalText(), worker: try row.optionalUUID().map(WorkerID.init),
                count: try row.int())
        }
        return snapshot
    }

    private func readHeads(into snapshot: inout PickSnapshot, types: [String], size: Int) throws {
        struct Class: Hashable {
            var tenant: TenantID
            var type: String
            var priority: Priority
        }
        var counts: [Class: (count: Int, size: Int)] = [:]
        snapshot.waiting = try execute(
            RunPicking.heads, [.instant(snapshot.now), .int8(Int64(size)), .texts(types)]
        ).map { row in
            let run = try row.waitingRun()
            let key = Class(tenant: run.tenant, type: run.taskType, priority: run.priority)
            counts[key] = ((counts[key]?.count ?? 0) + 1, try row.int())
            return run
        }
        snapshot.cutTypes = Set(counts.filter { $0.value.count >= $0.value.size }.map(\.key.type))
    }

    /// Adds the first runs of the next lanes.
    ///
    /// - Returns: where the next pass goes on; nil: at the first lane.
    private func readLanes(into snapshot: inout PickSnapshot, slots: FreeSlots, size: Int) throws -> PickLane? {
        let atLimit = PickAdmission(snapshot, slots: slots).tasksAtLimit(among: snapshot.underWay)
        let from = snapshot.turns.sweep.last
        var known = Set(snapshot.waiting.map(\.id))
        var lanes = 0
        var last: PickLane?
        _ = try execute(
            RunPicking.lanes,
            [
                .instant(snapshot.now), .int8(Int64(size)), .texts(slots.types),
                .int8s(atLimit.sorted().map(\.rawValue)), .int8(from?.task.rawValue ?? .min),
                .int4(from?.priority.level ?? 0), .int4(from?.version ?? 0), .text(from?.trigger.rawValue ?? ""),
                .int8(Int64(RunPicking.mostLanes)),
            ]
        ).map { row in
            lanes = try row.int()
            let lane = PickLane(
                task: TaskID(try row.int64()), priority: try row.priority(), version: try row.int(),
                trigger: try row.value())
            last = lane
            guard let run = try row.optionalWaitingRun(in: lane), known.insert(run.id).inserted else { return }
            snapshot.waiting.append(run)
        }
        try readLimits(into: &snapshot)
        return lanes < RunPicking.mostLanes ? nil : last
    }

    /// Reads the limits of all tasks in the snapshot that it does not know yet.
    private func readLimits(into snapshot: inout PickSnapshot, also task: TaskID? = nil) throws {
        let tasks = Set(snapshot.waiting.map(\.task) + snapshot.underWay.map(\.task) + [task].compactMap { $0 })
            .subtracting(snapshot.tasks.keys)
        _ = try execute(RunPicking.limits, [.int8s(tasks.sorted().map(\.rawValue))]).map { row in
            let task = try row.optionalInt64()
            let tenant = row.optionalText()
            let limit = try row.int()
            if let task { snapshot.tasks[TaskID(task)] = TaskLimits(maxConcurrent: limit, isPaused: try row.bool()) }
            if let tenant { snapshot.tenants[TenantID(tenant)] = limit }
        }
    }
}

/// What one pass decided.
struct PostgresPick {
    let now: UTCInstant
    private(set) var runs: [WaitingRun] = []
    var turns: PickTurns
    /// More may start now: the pass ended at a bound of its own.
    var isPartial = false
    /// Whether there is something to write.
    var changes = false

    init(_ snapshot: PickSnapshot) {
        now = snapshot.now
        turns = snapshot.turns
    }

    mutating func take(_ plan: PickPlan, limit: Int) {
        runs = plan.runs
        turns = plan.turns
        isPartial = runs.count >= limit
    }

    /// The parameters of the statement that takes the runs.
    func parameters() throws -> [PostgresParameter] {
        [.instant(now), .uuids(runs.map(\.id.bits)), .text(try PostgresJSON.encode(turns))]
    }
}

extension PostgresRowReader {
    fileprivate mutating func waitingRun() throws -> WaitingRun {
        WaitingRun(
            id: RunID(bits: try uuid()), attempt: try int(), tenant: TenantID(try text()), task: TaskID(try int64()),
            taskType: try text(), concurrencyKey: optionalText(), priority: try priority(), trigger: try value(),
            dueAt: try instant())
    }

    /// The columns that a lane's row adds to its lane; nil where nothing in it is due.
    fileprivate mutating func optionalWaitingRun(in lane: PickLane) throws -> WaitingRun? {
        guard let id = try optionalUUID() else { return nil }
        return WaitingRun(
            id: RunID(bits: id), attempt: try int(), tenant: TenantID(try text()), task: lane.task,
            taskType: try text(), concurrencyKey: optionalText(), priority: lane.priority, trigger: lane.trigger,
            dueAt: try instant())
    }
}
