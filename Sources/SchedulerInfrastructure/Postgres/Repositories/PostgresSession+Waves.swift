import SchedulerDomain

/// What the ends of runs bring about at the tasks that depend on theirs, inside the transaction that ends them.
///
/// The rows of the dependent tasks are locked in the order of their ids, so arrivals at one task are serial, and each
/// sees in a statement of its own what the ones before it left. Where a skip spreads that could not be foreseen, more
/// rows are locked later; should two transactions then wait for each other, the server ends one, which is run anew.
extension PostgresSession {
    func arrive(_ ends: [RunEnd], now: UTCInstant) throws {
        var plan = WavePlan(now: now)
        var tasks: [TaskID: LockedTask] = [:]
        var expanded: Set<TaskID> = []
        var waves: Set<RunID> = []
        var open = ends
        while !open.isEmpty {
            let unknown = open.filter { !expanded.contains($0.task) }
            if !unknown.isEmpty {
                let reached = try reach(unknown)
                expanded.formUnion(unknown.map(\.task) + reached.filter(\.value).keys)
                let fresh = reached.keys.filter { tasks[$0] == nil }
                if !fresh.isEmpty {
                    let locked = try lockTasks(fresh, now: .instant(now))
                    tasks.merge(locked) { known, _ in known }
                    try add(locked, to: &plan)
                }
            }
            if !tasks.isEmpty {
                let fresh = open.filter { waves.insert($0.wave).inserted }
                try plan.withdrawn.formUnion(withdrawn(among: fresh.map(\.wave)))
                try addRoots(of: fresh, to: &plan.scope)
            }
            open = plan.record(open)
        }
        try write(plan.changes, tasks, now: now)
    }

    /// - Returns: the dependents, each with whether its own dependents are among them.
    private func reach(_ ends: [RunEnd]) throws -> [TaskID: Bool] {
        let kinds = Set(ends.map { EndKind(task: $0.task, status: $0.status) })
        let rows = try execute(
            WaveSQL.reach,
            [
                .int8s(kinds.map(\.task.rawValue)), .bools(kinds.map { $0.fulfils(.onSuccess) }),
                .bools(kinds.map { $0.fulfils(.onFailure) }), .bools(kinds.map { $0.fulfils(.onCompletion) }),
            ]
        ).map { (TaskID(try $0.int64()), try $0.bool()) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private struct EndKind: Hashable {
        var task: TaskID
        var status: TaskRunStatus

        func fulfils(_ condition: TaskDependency.Condition) -> Bool { condition.isFulfilled(by: status) }
    }

    /// Reads what a plan needs of tasks that are locked now.
    private func add(_ locked: [TaskID: LockedTask], to plan: inout WavePlan) throws {
        let ids = locked.keys.sorted()
        let edges = try edges(DependencySQL.edges, of: ids)
        let joins = Dictionary(grouping: try joins(of: ids), by: \.key.task)
        let loads = try loads(of: ids)
        plan.names.merge(try names(of: ids + edges.values.flatMap { $0.map(\.upstream) })) { $1 }
        let ancestry = try self.edges(DependencySQL.ancestry, of: edges.filter { $0.value.count > 1 }.keys.sorted())
        plan.scope.upstreams.merge(ancestry.mapValues { $0.map(\.upstream) }) { $1 }
        for task in ids.compactMap({ locked[$0] }) where !task.isDeleted {
            let refusal = task.status == .active || task.status == .paused ? nil : "is \(task.status.rawValue)"
            plan.add(
                WavePlan.Child(
                    task: task.id, tenant: task.tenant, edges: edges[task.id, default: []], refusal: refusal,
                    room: task.maxExecutions.map { $0 - task.executionCount },
                    load: loads[task.id] ?? WaveLoad(), joins: joins[task.id, default: []]))
        }
    }

    private func loads(of tasks: [TaskID]) throws -> [TaskID: WaveLoad] {
        let rows = try execute(WaveSQL.loads, [.int8s(tasks.map(\.rawValue))]).map { row in
            let task = TaskID(try row.int64())
            let load = WaveLoad(
                policy: try row.value(), maxConcurrent: try row.int(), waiting: Int(try row.int64()),
                others: Int(try row.int64()))
            return (task, load)
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private func joins(of tasks: [TaskID]) throws -> [WaveJoin] {
        var joins: [WaveJoin] = []
        _ = try execute(WaveSQL.joins, [.int8s(tasks.map(\.rawValue))]).map { row in
            let key = WaveJoin.Key(task: TaskID(try row.int64()), openedBy: RunID(bits: try row.uuid()))
            let join = WaveJoin(
                key: key, wave: RunID(bits: try row.uuid()), isWhole: try row.bool(), openedAt: try row.instant(),
                childRun: try row.optionalUUID().map(RunID.init))
            if joins.last?.key != key { joins.append(join) }
            joins[joins.count - 1].arrivals.append(try row.arrival())
        }
        return joins
    }

    /// The waves that came of cancelled backfills.
    private func withdrawn(among waves: [RunID]) throws -> [RunID] {
        guard !waves.isEmpty else { return [] }
        return try execute(WaveSQL.backfilled, [.uuids(waves.map(\.bits))])
            .map { (RunID(bits: try $0.uuid()), try $0.bool()) }.filter(\.1).map(\.0)
    }

    /// Reads the runs that the waves are named by.
    private func addRoots(of ends: [RunEnd], to scope: inout WaveScope) throws {
        for end in ends where end.wave == end.run { scope.addRoot(end.wave, of: end.task, trigger: end.trigger) }
        let others = Set(ends.map(\.wave)).filter { scope.roots[$0] == nil }.sorted()
        guard let lowest = others.first, let highest = others.last else { return }
        let roots = try execute(
            WaveSQL.roots, [.uuids(others.map(\.bits)), .uuid(lowest.bits), .uuid(highest.bits)]
        ).map { row in
            (wave: RunID(bits: try row.uuid()), task: TaskID(try row.int64()), trigger: try row.value(TriggerType.self))
        }
        for root in roots { scope.addRoot(root.wave, of: root.task, trigger: root.trigger) }
    }

    private func write(_ changes: WaveChanges, _ tasks: [TaskID: LockedTask], now: UTCInstant) throws {
        guard !changes.isEmpty else { return }
        let runs = changes.created.compactMap { new in tasks[new.task]?.run(new) }
        try insert(runs)
        try count(runs)
        try record(changes.skipped, tasks, now: now)
        if !changes.closed.isEmpty {
            try execute(
                WaveSQL.close,
                [.int8s(changes.closed.map(\.task.rawValue)), .uuids(changes.closed.map(\.openedBy.bits))])
        }
        let open = changes.open
        if !open.isEmpty {
            try execute(
                WaveSQL.open,
                [
                    .int8s(open.map(\.key.task.rawValue)), .uuids(open.map(\.key.openedBy.bits)),
                    .uuids(open.map(\.wave.bits)), .bools(open.map(\.isWhole)), .instants(open.map(\.openedAt)),
                    .uuids(open.map { $0.childRun?.bits }),
                ])
        }
        let arrivals = changes.arrivals
        try execute(
            WaveSQL.arrive,
            [
                .int8s(arrivals.map(\.join.task.rawValue)), .uuids(arrivals.map(\.join.openedBy.bits)),
                .int8s(arrivals.map(\.arrival.upstream.rawValue)), .texts(arrivals.map(\.arrival.condition.rawValue)),
                .uuids(arrivals.map(\.arrival.run.bits)), .uuids(arrivals.map(\.arrival.wave.bits)),
                .texts(arrivals.map(\.arrival.status.rawValue)), .bools(arrivals.map(\.arrival.isFulfilled)),
                .instants(arrivals.map(\.arrival.arrivedAt)),
            ])
        let decided = changes.childRuns.map { $0 }
        try execute(
            WaveSQL.decide,
            [
                .int8s(decided.map(\.key.task.rawValue)), .uuids(decided.map(\.key.openedBy.bits)),
                .uuids(decided.map(\.value.bits)),
            ])
    }

    private func record(_ skipped: [SkippedRun], _ tasks: [TaskID: LockedTask], now: UTCInstant) throws {
        let rows = skipped.compactMap { run in tasks[run.task].map { (run: run, task: $0) } }
        guard !rows.isEmpty else { return }
        try execute(
            WaveSQL.skip,
            [
                .uuids(rows.map(\.run.id.bits)), .texts(rows.map(\.task.tenant.rawValue)),
                .int8s(rows.map(\.task.id.rawValue)), .int4s(rows.map(\.task.version)),
                .texts(rows.map(\.task.taskType)),
                .int4s(rows.map(\.task.priority.level)), .texts(rows.map(\.task.concurrencyKey)),
                .texts(rows.map(\.run.triggeredBy)), .uuids(rows.map(\.run.wave.bits)), .texts(rows.map(\.run.reason)),
                .instant(now),
            ])
        try execute(
            WaveSQL.countSkipped,
            [.texts(rows.map(\.task.tenant.rawValue)), .int8s(rows.map(\.task.id.rawValue)), .instant(now)])
    }
}

/// What is shown of waves.
extension PostgresSession {
    func upstreams(of run: RunID) throws -> [UpstreamResult] {
        let arrivals = try execute(WaveSQL.upstreams, [.uuid(run.bits)]).map { row in
            (arrival: try row.arrival(), name: try row.text())
        }
        let runs = Dictionary(uniqueKeysWithValues: try findRuns(arrivals.map(\.arrival.run)).map { ($0.id, $0) })
        return arrivals.map { arrival, name in
            UpstreamResult(
                task: arrival.upstream, taskName: name, run: arrival.run, status: arrival.status,
                result: runs[arrival.run]?.result, exitCode: runs[arrival.run]?.exitCode)
        }
    }

    func wave(_ id: RunID, tenant: TenantID, limit: Int) throws -> WaveRecord {
        let rows = try execute(WaveSQL.runs, [.uuid(id.bits), .text(tenant.rawValue), .int8(Int64(limit) + 1)])
            .map { try $0.taskRun() }
        guard !rows.isEmpty else { return WaveRecord(runs: []) }
        let runs = Array(rows.prefix(limit))
        let edgeLimit = limit * 10
        let edges = try execute(
            WaveSQL.edges, [.uuid(id.bits), .uuids(runs.map(\.id.bits)), .int8(Int64(edgeLimit) + 1)]
        ).map { row in
            WaveRecord.Edge(
                task: TaskID(try row.int64()), childRun: try row.optionalUUID().map(RunID.init),
                arrival: try row.arrival())
        }
        let roots = edges.filter { $0.childRun == nil }.map(\.task) + runs.filter { $0.id == id }.map(\.task)
        let reached = try withDependents(roots, limit: Int64(limit) + 1)
        let dependencies = try self.edges(DependencySQL.edges, of: Array(reached.prefix(limit)))
        let named = runs.map(\.task) + edges.map(\.task) + dependencies.keys
        var record = WaveRecord(
            runs: runs, edges: Array(edges.prefix(edgeLimit)), dependencies: dependencies,
            names: try names(of: named),
            isTruncated: rows.count > limit || edges.count > edgeLimit || reached.count > limit)
        if rows.count > limit {
            _ = try execute(WaveSQL.states, [.uuid(id.bits), .text(tenant.rawValue)]).map { row in
                record.statuses.insert(try row.value())
                record.lastEnd = [record.lastEnd, try row.optionalInstant()].compactMap { $0 }.max()
            }
        }
        return record
    }
}
