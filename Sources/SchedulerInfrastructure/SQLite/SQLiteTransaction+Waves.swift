import SchedulerDomain

/// What the ends of runs bring about at the tasks that depend on theirs, inside the transaction that ends them.
extension SQLiteTransaction {
    func arrive(_ ends: [RunEnd], stats: inout SQLiteRunStats) throws {
        var plan = WavePlan(now: now)
        var tasks: [TaskID: TaskDefinition] = [:]
        var looked: Set<TaskID> = []
        var waves: Set<RunID> = []
        var open = ends
        while !open.isEmpty {
            let ended = open.map(\.task).filter { looked.insert($0).inserted }
            for child in try ended.flatMap({ try dependents(of: $0) }) where tasks[child] == nil {
                tasks[child] = try add(child, to: &plan)
            }
            guard !tasks.isEmpty else { return }
            for wave in open.map(\.wave) where waves.insert(wave).inserted {
                if try row(SQLiteWaveSQL.isWithdrawn, wave.blob, read: { try $0.int() }) != nil {
                    plan.withdrawn.insert(wave)
                }
            }
            for end in open where plan.scope.roots[end.wave] == nil {
                if end.wave == end.run {
                    plan.scope.addRoot(end.wave, of: end.task, trigger: end.trigger)
                } else if let root = try root(of: end.wave) {
                    plan.scope.addRoot(end.wave, of: root.task, trigger: root.trigger)
                }
            }
            open = plan.record(open)
        }
        try write(plan.changes, &tasks, stats: &stats)
    }

    private func root(of wave: RunID) throws -> (task: TaskID, trigger: TriggerType)? {
        try row(SQLiteWaveSQL.root, wave.blob) { (TaskID(try $0.integer()), try $0.word()) }
    }

    /// Only the policy `skip` asks for more than what waits.
    private func waveLoad(of task: TaskDefinition) throws -> WaveLoad {
        var load = WaveLoad(policy: task.spec.overlapPolicy, maxConcurrent: task.spec.maxConcurrent)
        load.waiting = try row(SQLiteWaveSQL.waiting, task.id.rawValue) { try $0.int() } ?? 0
        if load.policy == .skip {
            let scheduled = try self.load(of: task.id)
            load.others = scheduled.waiting + scheduled.active
        }
        return load
    }

    /// Reads what a plan needs of a dependent task.
    private func add(_ id: TaskID, to plan: inout WavePlan) throws -> TaskDefinition? {
        guard let task = try row(SQLiteTaskSQL.findUndeleted, id.rawValue, read: { try $0.task() }) else { return nil }
        let edges = try edges(of: id)
        for named in [id] + edges.map(\.upstream) where plan.names[named] == nil {
            plan.names[named] = try name(of: named)
        }
        // Only where several edges meet it matters which waves come to all of them.
        if edges.count > 1 { try addAncestry(of: id, to: &plan.scope) }
        let takesRuns = task.status == .active || task.status == .paused
        plan.add(
            WavePlan.Child(
                task: id, tenant: task.tenant, edges: edges, refusal: takesRuns ? nil : "is \(task.status.rawValue)",
                room: task.spec.maxExecutions.map { $0 - task.executionCount }, load: try waveLoad(of: task),
                joins: try joins(of: id)))
        return task
    }

    private func addAncestry(of task: TaskID, to scope: inout WaveScope) throws {
        var open = [task]
        while let next = open.popLast() {
            guard scope.upstreams[next] == nil else { continue }
            let upstreams = try edges(of: next).map(\.upstream)
            scope.upstreams[next] = upstreams
            open += upstreams
        }
    }

    private func joins(of task: TaskID) throws -> [WaveJoin] {
        var joins: [WaveJoin] = []
        _ = try rows(SQLiteWaveSQL.joins, task.rawValue) { reader in
            let key = WaveJoin.Key(task: task, openedBy: try reader.runID())
            let join = WaveJoin(
                key: key, wave: try reader.runID(), isWhole: try reader.int() != 0, openedAt: try reader.instant(),
                childRun: try reader.optionalRunID())
            if joins.last?.key != key { joins.append(join) }
            joins[joins.count - 1].arrivals.append(try reader.arrival())
        }
        return joins
    }

    private func write(
        _ changes: WaveChanges, _ tasks: inout [TaskID: TaskDefinition], stats: inout SQLiteRunStats
    ) throws {
        for new in changes.created {
            guard var task = tasks[new.task] else { continue }
            _ = try insert(new, of: &task)
            try execute(SQLiteTaskSQL.count, task.executionCount, task.lastRunAt?.column, task.id.rawValue)
            tasks[task.id] = task
        }
        for skipped in changes.skipped {
            guard let task = tasks[skipped.task] else { continue }
            try execute(
                SQLiteWaveSQL.skip, now.column, skipped.id.blob, task.tenant.rawValue, task.id.rawValue, task.version,
                task.spec.taskType, task.spec.priority.level, task.spec.concurrencyKey, skipped.triggeredBy,
                skipped.wave.blob, skipped.reason)
            stats.count(task, as: .skipped, at: now)
        }
        for key in changes.closed { try execute(SQLiteWaveSQL.close, key.task.rawValue, key.openedBy.blob) }
        for join in changes.open {
            try execute(
                SQLiteWaveSQL.open, join.key.task.rawValue, join.key.openedBy.blob, join.wave.blob,
                join.isWhole ? 1 : 0,
                join.openedAt.column, join.childRun?.blob)
        }
        for arrived in changes.arrivals {
            let arrival = arrived.arrival
            try execute(
                SQLiteWaveSQL.arrive, arrived.join.task.rawValue, arrived.join.openedBy.blob, arrival.upstream.rawValue,
                arrival.condition.rawValue, arrival.run.blob, arrival.wave.blob, arrival.status.rawValue,
                arrival.isFulfilled ? 1 : 0, arrival.arrivedAt.column)
        }
        for (key, run) in changes.childRuns {
            try execute(SQLiteWaveSQL.decide, run.blob, key.task.rawValue, key.openedBy.blob)
        }
    }
}

/// What is shown of waves.
extension SQLiteTransaction {
    func upstreams(of run: RunID) throws -> [UpstreamResult] {
        try rows(SQLiteWaveSQL.upstreams, run.blob) { reader in
            let arrival = try reader.arrival()
            return UpstreamResult(
                task: arrival.upstream, taskName: try reader.text(), run: arrival.run, status: arrival.status,
                result: try reader.optionalJSON(), exitCode: reader.optionalInt())
        }
    }

    func wave(_ id: RunID, tenant: TenantID, limit: Int) throws -> WaveRecord {
        var rows: [TaskRun] = []
        for table in [SQLiteTaskRunSQL.selectLive, SQLiteTaskRunSQL.selectHistory] {
            rows += try self.rows(table + SQLiteWaveSQL.ofWave, id.blob, tenant.rawValue, limit + 1) { try $0.run() }
        }
        if let root = try run(id), root.tenant == tenant, root.workflow != id { rows.append(root) }
        guard !rows.isEmpty else { return WaveRecord(runs: []) }
        let runs = Array(rows.sorted { $0.id < $1.id }.prefix(limit))
        let edgeLimit = limit * 10
        var edges = try self.rows(SQLiteWaveSQL.arrivalsOfWave, id.blob, edgeLimit + 1) { try $0.waveEdge() }
        for run in runs where run.trigger == .dependency {
            edges += try self.rows(SQLiteWaveSQL.arrivalsOfRun, run.id.blob, id.blob) { try $0.waveEdge() }
        }
        let roots = edges.filter { $0.childRun == nil }.map(\.task) + runs.filter { $0.id == id }.map(\.task)
        let reached = try withDependents(roots, limit: limit + 1)
        var record = WaveRecord(
            runs: runs, edges: Array(edges.prefix(edgeLimit)),
            isTruncated: rows.count > limit || edges.count > edgeLimit || reached.count > limit)
        if rows.count > limit {
            _ = try self.rows(SQLiteWaveSQL.states, id.blob, tenant.rawValue) { reader in
                record.statuses.insert(try reader.word())
                record.lastEnd = [record.lastEnd, reader.optionalInstant()].compactMap { $0 }.max()
            }
        }
        for task in reached.prefix(limit) { record.dependencies[task] = try self.edges(of: task) }
        for task in Set(runs.map(\.task) + edges.map(\.task) + reached) { record.names[task] = try name(of: task) }
        return record
    }
}

extension SQLiteRowReader {
    fileprivate mutating func arrival() throws -> DependencyArrival {
        DependencyArrival(
            upstream: TaskID(try integer()), condition: try word(), run: try runID(), wave: try runID(),
            status: try word(), arrivedAt: try instant())
    }

    fileprivate mutating func waveEdge() throws -> WaveRecord.Edge {
        WaveRecord.Edge(task: TaskID(try integer()), childRun: try optionalRunID(), arrival: try arrival())
    }
}
