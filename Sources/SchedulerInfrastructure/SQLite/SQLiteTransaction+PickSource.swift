import SchedulerDomain

/// What a pass reads, class by class and lane by lane.
extension SQLiteTransaction: PickSource {
    func heads(of types: [String], at now: UTCInstant, size: Int) throws -> PickHeads {
        let classes = try classes().filter { types.contains($0.taskType) }
        return try heads(of: classes, at: now, size: min(size, max(1, 4 * size / max(1, classes.count))))
    }

    func heads(of classes: [PickClass], at now: UTCInstant, size: Int) throws -> PickHeads {
        var heads = PickHeads()
        for each in classes {
            let runs = try rows(
                SQLitePickSQL.heads, each.tenant.rawValue, each.taskType, each.priority.level, now.column, size,
                read: { try $0.waitingRun() })
            heads.runs += runs
            if runs.count >= size { heads.cut.insert(each) }
        }
        return heads
    }

    func lanes(_ request: PickLanes.Request) throws -> PickLanes {
        var lanes = PickLanes()
        let next = try self.lanes(after: request.after, most: request.most)
        lanes.last = next.count < request.most ? nil : next.last
        let all = (request.named + next).filter { !request.leavingOut.contains($0.task) }
        let size = min(request.size, max(1, 4 * request.size / max(1, all.count)))
        for lane in all {
            let runs = try rows(
                SQLitePickSQL.laneHeads, lane.task.rawValue, lane.priority.level, lane.version, lane.trigger.rawValue,
                request.now.column, size, read: { try $0.waitingRun() })
            guard let type = runs.first?.taskType, request.types.contains(type) else { continue }
            lanes.runs += runs.map { ($0, lane) }
            if runs.count >= size { lanes.cut.insert(lane) }
        }
        return lanes
    }

    func executors(of versions: Set<TaskVersionID>) throws -> [TaskVersionID: String] {
        var executors: [TaskVersionID: String] = [:]
        for id in versions {
            executors[id] = try row(SQLitePickSQL.executor, id.task.rawValue, id.version) { try $0.text() }
        }
        return executors
    }

    func limits(of tasks: Set<TaskID>) throws -> (tasks: [TaskID: TaskLimits], tenants: [TenantID: Int]) {
        var limits: [TaskID: TaskLimits] = [:]
        for task in tasks {
            limits[task] = try row(SQLitePickSQL.taskLimits, task.rawValue) { reader in
                TaskLimits(maxConcurrent: try reader.int(), isPaused: try reader.word(TaskStatus.self) == .paused)
            }
        }
        let tenants = try rows(SQLitePickSQL.tenantLimits) { (TenantID(try $0.text()), try $0.int()) }
        return (limits, Dictionary(uniqueKeysWithValues: tenants))
    }

    private func classes() throws -> [PickClass] {
        var classes: [PickClass] = []
        var after = ("", "", -1)
        while let next = try row(
            SQLitePickSQL.nextClass, after.0, after.1, after.2,
            read: { reader in
                PickClass(
                    tenant: TenantID(try reader.text()), taskType: try reader.text(),
                    priority: Priority(level: try reader.int()) ?? .normal)
            })
        {
            classes.append(next)
            after = (next.tenant.rawValue, next.taskType, next.priority.level)
        }
        return classes
    }

    private func lanes(after lane: PickLane?, most: Int) throws -> [PickLane] {
        var lanes: [PickLane] = []
        var after = (
            lane?.task.rawValue ?? .min, lane?.priority.level ?? 0, lane?.version ?? 0, lane?.trigger.rawValue ?? ""
        )
        while lanes.count < most,
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
}

extension SQLiteRowReader {
    fileprivate mutating func waitingRun() throws -> WaitingRun {
        WaitingRun(
            id: try runID(), attempt: try int(), tenant: TenantID(try text()), task: TaskID(try integer()),
            taskVersion: try int(), taskType: try text(), concurrencyKey: optionalText(),
            priority: Priority(level: try int()) ?? .normal,
            trigger: try word(), dueAt: try instant(), crashes: try int())
    }
}
