import SchedulerDomain

/// What a pass reads, in one statement each.
struct PostgresPickSource: PickSource {
    let session: PostgresSession
    let executorCache: ExecutorCache

    func heads(of types: [String], at now: UTCInstant, size: Int) throws -> PickHeads {
        try heads(RunPicking.heads, [.instant(now), .int8(Int64(size)), .texts(types)])
    }

    func heads(of classes: [PickClass], at now: UTCInstant, size: Int) throws -> PickHeads {
        try heads(
            RunPicking.headsOfClasses,
            [
                .instant(now), .int8(Int64(size)), .texts(classes.map(\.tenant.rawValue)),
                .texts(classes.map(\.taskType)), .int4s(classes.map(\.priority.level)),
            ])
    }

    func lanes(_ request: PickLanes.Request) throws -> PickLanes {
        var lanes = PickLanes()
        var counts: [PickLane: Int] = [:]
        var lastPlace = 0
        _ = try session.execute(
            RunPicking.lanes,
            [
                .instant(request.now), .int8(Int64(request.size)), .texts(request.types),
                .int8s(request.leavingOut.sorted().map(\.rawValue)), .int8(request.after?.task.rawValue ?? .min),
                .int4(request.after?.priority.level ?? 0), .int4(request.after?.version ?? 0),
                .text(request.after?.trigger.rawValue ?? ""), .int8(Int64(request.most)),
                .int8s(request.named.map(\.task.rawValue)), .int4s(request.named.map(\.priority.level)),
                .int4s(request.named.map(\.version)), .texts(request.named.map(\.trigger.rawValue)),
            ]
        ).map { row in
            let place = try row.int()
            let size = try row.int()
            let lane = PickLane(
                task: TaskID(try row.int64()), priority: try row.priority(), version: try row.int(),
                trigger: try row.value())
            if place > lastPlace { (lastPlace, lanes.last) = (place, lane) }
            guard let run = try row.optionalWaitingRun(in: lane) else { return }
            lanes.runs.append((run, lane))
            counts[lane, default: 0] += 1
            if counts[lane] ?? 0 >= size { lanes.cut.insert(lane) }
        }
        if lastPlace < request.most { lanes.last = nil }
        return lanes
    }

    func limits(of tasks: Set<TaskID>) throws -> (tasks: [TaskID: TaskLimits], tenants: [TenantID: Int]) {
        var limits: (tasks: [TaskID: TaskLimits], tenants: [TenantID: Int]) = ([:], [:])
        _ = try session.execute(RunPicking.limits, [.int8s(tasks.sorted().map(\.rawValue))]).map { row in
            let task = try row.optionalInt64()
            let tenant = row.optionalText()
            let limit = try row.int()
            if let task { limits.tasks[TaskID(task)] = TaskLimits(maxConcurrent: limit, isPaused: try row.bool()) }
            if let tenant { limits.tenants[TenantID(tenant)] = limit }
        }
        return limits
    }

    private func heads(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) throws -> PickHeads {
        var heads = PickHeads()
        var counts: [PickClass: Int] = [:]
        heads.runs = try session.execute(statement, parameters).map { row in
            let run = try row.waitingRun()
            counts[run.pickClass, default: 0] += 1
            if counts[run.pickClass] ?? 0 >= (try row.int()) { heads.cut.insert(run.pickClass) }
            return run
        }
        return heads
    }

    func executors(of versions: Set<TaskVersionID>) throws -> [TaskVersionID: String] {
        var executors = executorCache.executors(of: versions)
        let missing = versions.filter { executors[$0] == nil }.sorted()
        guard !missing.isEmpty else { return executors }
        let rows = try session.execute(
            RunPicking.executors, [.int8s(missing.map(\.task.rawValue)), .int4s(missing.map(\.version))]
        ).map { row in (TaskVersionID(task: TaskID(try row.int64()), version: try row.int()), try row.text()) }
        for (id, executor) in rows { executors[id] = executor }
        executorCache.keep(rows)
        return executors
    }
}

extension PostgresRowReader {
    fileprivate mutating func waitingRun() throws -> WaitingRun {
        WaitingRun(
            id: RunID(bits: try uuid()), attempt: try int(), tenant: TenantID(try text()), task: TaskID(try int64()),
            taskVersion: try int(), taskType: try text(), concurrencyKey: optionalText(), priority: try priority(),
            trigger: try value(),
            dueAt: try instant(), crashes: try int())
    }

    /// The columns that a lane's row adds to its lane; nil where nothing in it is due.
    fileprivate mutating func optionalWaitingRun(in lane: PickLane) throws -> WaitingRun? {
        guard let id = try optionalUUID() else { return nil }
        return WaitingRun(
            id: RunID(bits: id), attempt: try int(), tenant: TenantID(try text()), task: lane.task,
            taskVersion: lane.version, taskType: try text(), concurrencyKey: optionalText(), priority: lane.priority,
            trigger: lane.trigger,
            dueAt: try instant(), crashes: try int())
    }
}
