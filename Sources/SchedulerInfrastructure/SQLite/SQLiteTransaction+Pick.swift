import SchedulerDomain

/// The slots that may be filled: in total, and by task type. A worker that takes several types counts for each of
/// them, and its slots once in the total.
struct SQLiteFreeSlots {
    var total: Int
    var byType: [String: Int]

    func has(_ type: String) -> Bool { total > 0 && byType[type] ?? 0 > 0 }

    mutating func take(_ type: String) {
        total -= 1
        byType[type, default: 0] -= 1
    }
}

/// Picking goes by lanes (priority, type, task): each lane is an index range in the order of due times, so a task at
/// its limit costs one look-up, however long its backlog is.
extension SQLiteTransaction {
    /// What live workers can start beyond what runs on them and what is on its way to them.
    func freeSlots() throws -> SQLiteFreeSlots {
        var running: [WorkerID: Int] = [:]
        var slots = SQLiteFreeSlots(total: 0, byType: [:])
        for group in try active() {
            if let worker = group.worker, group.status == .running {
                running[worker, default: 0] += group.count
            } else {
                slots.total -= group.count
                slots.byType[group.taskType, default: 0] -= group.count
            }
        }
        let workers = try rows(SQLiteTaskRunSQL.liveWorkers) { reader in
            (id: try reader.workerID(), slots: try reader.int(), types: try reader.value([String].self))
        }
        for worker in workers {
            let free = max(0, worker.slots - (running[worker.id] ?? 0))
            slots.total += free
            for type in Set(worker.types) { slots.byType[type, default: 0] += free }
        }
        return slots
    }

    /// The due runs that may start now: urgent first, then by due time, within the limits of their tasks.
    func pickable(limit: Int, slots: SQLiteFreeSlots) throws -> [PickedRun] {
        var pass = SQLitePickPass(slots: slots, limit: limit)
        for group in try active() { pass.underWay[group.task, default: 0] += group.count }
        for priority in Priority.allCases.sorted(by: >) where !pass.isFull {
            var lanes: [SQLiteLane] = []
            for type in pass.slots.byType.keys.sorted() where pass.slots.has(type) {
                lanes += try self.lanes(of: priority, type: type, pass: &pass)
            }
            try merge(lanes, pass: &pass)
        }
        return pass.picked
    }

    /// How long until the next pending run becomes due.
    func nextDueIn() throws -> Duration? {
        let next = try row(SQLiteTaskRunSQL.nextDue, now.column) { $0.optionalInstant() } ?? nil
        return next.map { now.duration(to: $0) }
    }

    private struct Active {
        var status: TaskRunStatus
        var worker: WorkerID?
        var taskType: String
        var task: TaskID
        var count: Int
    }

    private func active() throws -> [Active] {
        try rows(SQLiteTaskRunSQL.active) { reader in
            Active(
                status: try reader.word(), worker: try reader.optionalWorkerID(), taskType: try reader.text(),
                task: TaskID(try reader.integer()), count: try reader.int())
        }
    }

    /// The lanes of a priority and type whose first run is due and whose task may start one.
    private func lanes(of priority: Priority, type: String, pass: inout SQLitePickPass) throws -> [SQLiteLane] {
        var lanes: [SQLiteLane] = []
        var after = TaskID(.min)
        while let lane = try row(SQLiteTaskRunSQL.nextLane, priority.level, type, after.rawValue, read: { reader in
            SQLiteLane(priority: priority, taskType: type, task: TaskID(try reader.integer()), runs: [try reader.pending()])
        }) {
            after = lane.task
            guard let head = lane.runs.first, head.dueAt <= now else { continue }
            if pass.room[lane.task] == nil { pass.room[lane.task] = try room(of: lane.task, pass) }
            if pass.room[lane.task] ?? 0 > 0 { lanes.append(lane) }
        }
        return lanes
    }

    /// How many more runs of the task may start.
    private func room(of task: TaskID, _ pass: SQLitePickPass) throws -> Int {
        let most = try row(SQLiteTaskRunSQL.maxConcurrent, task.rawValue) { try $0.int() } ?? 0
        return most == 0 ? .max : max(0, most - (pass.underWay[task] ?? 0))
    }

    /// Takes runs from the heads of the lanes, earliest first, until the pass is full or the lanes are empty.
    private func merge(_ lanes: [SQLiteLane], pass: inout SQLitePickPass) throws {
        var lanes = lanes
        while !pass.isFull {
            lanes.removeAll { $0.runs.isEmpty || !pass.takes($0) }
            guard let first = lanes.indices.min(by: { lanes[$0].runs[0] < lanes[$1].runs[0] }) else { return }
            let run = lanes[first].runs.removeFirst()
            pass.take(run, of: lanes[first])
            if lanes[first].runs.isEmpty, pass.takes(lanes[first]) {
                lanes[first].runs = try following(run, in: lanes[first], limit: pass.limit - pass.picked.count)
            }
        }
    }

    private func following(_ run: SQLitePendingRun, in lane: SQLiteLane, limit: Int) throws -> [SQLitePendingRun] {
        try rows(
            SQLiteTaskRunSQL.nextInLane, lane.priority.level, lane.taskType, lane.task.rawValue, run.dueAt.column,
            run.id.blob, now.column, min(limit, 32)
        ) { try $0.pending() }
    }
}

/// The runs of one priority, type and task that were read so far and not taken.
private struct SQLiteLane {
    var priority: Priority
    var taskType: String
    var task: TaskID
    var runs: [SQLitePendingRun]
}

private struct SQLitePendingRun: Comparable {
    var id: RunID
    var dueAt: UTCInstant
    var attempt: Int

    static func < (lhs: SQLitePendingRun, rhs: SQLitePendingRun) -> Bool { (lhs.dueAt, lhs.id) < (rhs.dueAt, rhs.id) }
}

/// One pass of the picker: what it took, and what it may still take.
private struct SQLitePickPass {
    var slots: SQLiteFreeSlots
    let limit: Int
    /// How many runs of each task are dispatched or running.
    var underWay: [TaskID: Int] = [:]
    /// How many more each task may start.
    var room: [TaskID: Int] = [:]
    var picked: [PickedRun] = []

    init(slots: SQLiteFreeSlots, limit: Int) {
        self.slots = slots
        self.limit = limit
    }

    var isFull: Bool { picked.count >= limit || slots.total <= 0 }

    func takes(_ lane: SQLiteLane) -> Bool { slots.has(lane.taskType) && room[lane.task] ?? 0 > 0 }

    mutating func take(_ run: SQLitePendingRun, of lane: SQLiteLane) {
        slots.take(lane.taskType)
        room[lane.task, default: 1] -= 1
        picked.append(
            PickedRun(
                attempt: RunAttempt(run: run.id, attempt: run.attempt + 1), taskType: lane.taskType,
                priority: lane.priority))
    }
}

extension SQLiteRowReader {
    fileprivate mutating func pending() throws -> SQLitePendingRun {
        SQLitePendingRun(id: try runID(), dueAt: try instant(), attempt: try int())
    }
}
