import SchedulerDomain
import SchedulerErrors

/// Dependencies between tasks, and what the ends of runs bring about.
extension InMemoryState {
    /// The undeleted tasks with the edges that they have.
    private var graph: [TaskID: [TaskDependency]] {
        tasks.filter { !deleted.contains($0.key) }.mapValues(\.spec.dependencies)
    }

    func dependents(of task: TaskID) -> [TaskID] {
        graph.filter { $0.value.contains { $0.upstream == task } }.keys.sorted()
    }

    /// Refuses dependencies on tasks that are not there, and those that close a cycle.
    func checkDependencies(of spec: TaskSpec, task: TaskID?, tenant: TenantID) throws {
        guard !spec.dependencies.isEmpty else { return }
        let known = spec.dependencies.map(\.upstream).filter { undeleted($0, tenant: tenant) != nil }
        try DependencyRules.check(spec.dependencies, known: Set(known))
        let full = spec.dependencies.map(\.upstream).filter { upstream in
            dependents(of: upstream).count { $0 != task } >= DependencyRules.dependentLimit
        }
        try DependencyRules.check(spec.dependencies, full: Set(full))
        guard let task, let cycle = TaskDependencyService(graph).cycle(adding: spec.dependencies, to: task)
        else { return }
        throw DependencyRules.refusal(of: cycle, names: tasks.mapValues(\.spec.name))
    }

    /// The tasks to delete with these, and so on.
    func withDependents(_ ids: [TaskID]) -> [TaskID] {
        var found = ids
        var index = 0
        while index < found.count {
            found += dependents(of: found[index]).filter { !found.contains($0) }
            index += 1
        }
        return found
    }

    func checkNoDependents(of ids: [TaskID]) throws {
        for id in ids {
            let others = dependents(of: id).filter { !ids.contains($0) }
            guard !others.isEmpty else { continue }
            throw DependencyRules.refusal(
                ofDeleting: id, dependents: others.map { (id: $0, name: tasks[$0]?.spec.name ?? "") })
        }
    }

    /// Tells the dependents of the ended runs' tasks, in the same transaction.
    mutating func arrive(_ ends: [RunEnd], now: UTCInstant) {
        guard ends.contains(where: { !dependents(of: $0.task).isEmpty }) else { return }
        var plan = WavePlan(now: now)
        plan.names = tasks.mapValues(\.spec.name)
        let withdrawn = backfilled.values.joined().filter { backfills[$0.backfill]?.cancelledAt != nil }
        plan.withdrawn = Set(withdrawn.map(\.run))
        plan.scope = WaveScope(upstreams: graph.mapValues { $0.map(\.upstream) })
        var open = ends
        while !open.isEmpty {
            for end in open where plan.scope.roots[end.wave] == nil {
                if end.wave == end.run {
                    plan.scope.addRoot(end.wave, of: end.task, trigger: end.trigger)
                } else if let root = live[end.wave] ?? history[end.wave] {
                    plan.scope.addRoot(end.wave, of: root.task, trigger: root.trigger)
                }
            }
            for child in Set(open.flatMap { dependents(of: $0.task) }).compactMap(waveChild) { plan.add(child) }
            open = plan.record(open)
        }
        write(plan.changes, now: now)
    }

    /// Closes the joins of a task at which nothing arrives any more, with what arrived and led to no run.
    mutating func forgetJoins(of task: TaskID) {
        let closed = Set(joins[task, default: []].map(\.key))
        edges.removeAll { $0.childRun == nil && closed.contains($0.join) }
        joins[task] = nil
    }

    private func waveChild(_ id: TaskID) -> WavePlan.Child? {
        guard let task = tasks[id] else { return nil }
        let waits = task.status == .active || task.status == .paused
        return WavePlan.Child(
            task: id, tenant: task.tenant, edges: task.spec.dependencies,
            refusal: waits ? nil : "is \(task.status.rawValue)",
            room: task.spec.maxExecutions.map { $0 - task.executionCount }, load: waveLoad(of: task),
            joins: joins[id, default: []])
    }

    private func waveLoad(of task: TaskDefinition) -> WaveLoad {
        let scheduled = load(of: task.id)
        let waiting = live.values.count {
            $0.task == task.id && $0.status == .pending && $0.trigger == .dependency
        }
        return WaveLoad(
            policy: task.spec.overlapPolicy, maxConcurrent: task.spec.maxConcurrent, waiting: waiting,
            others: scheduled.waiting + scheduled.active)
    }

    private mutating func write(_ changes: WaveChanges, now: UTCInstant) {
        for arrival in changes.arrivals {
            edges.append(WaveEdge(join: arrival.join, arrival: arrival.arrival, childRun: nil))
        }
        for index in edges.indices where edges[index].childRun == nil {
            edges[index].childRun = changes.childRuns[edges[index].join]
        }
        for key in changes.closed { joins[key.task]?.removeAll { $0.key == key } }
        for join in changes.open {
            if let index = joins[join.key.task]?.firstIndex(where: { $0.key == join.key }) {
                joins[join.key.task]?[index] = join
            } else {
                joins[join.key.task, default: []].append(join)
            }
        }
        for new in changes.created {
            guard var task = tasks[new.task] else { continue }
            _ = insert(new, of: &task, now: now)
            tasks[task.id] = task
        }
        for skipped in changes.skipped { record(skipped, now: now) }
    }

    private mutating func record(_ skipped: SkippedRun, now: UTCInstant) {
        guard let task = tasks[skipped.task] else { return }
        history[skipped.id] = TaskRun(
            id: skipped.id, tenant: task.tenant, task: task.id, taskVersion: task.version, taskType: task.spec.taskType,
            priority: task.spec.priority, concurrencyKey: task.spec.concurrencyKey, status: .skipped,
            trigger: .dependency, triggeredBy: skipped.triggeredBy, scheduledAt: now, dueAt: now, completedAt: now,
            workflow: skipped.wave, errorMessage: skipped.reason, createdAt: now, updatedAt: now)
    }

    func upstreams(of run: RunID) -> [UpstreamResult] {
        edges.filter { $0.childRun == run }.sorted { $0.arrival.upstream < $1.arrival.upstream }.map { edge in
            let upstream = history[edge.arrival.run]
            return UpstreamResult(
                task: edge.arrival.upstream, taskName: tasks[edge.arrival.upstream]?.spec.name ?? "",
                run: edge.arrival.run, status: edge.arrival.status, result: upstream?.result,
                exitCode: upstream?.exitCode)
        }
    }

    func wave(_ id: RunID, tenant: TenantID, limit: Int) -> WaveRecord {
        let all = [live, history].joined().map(\.value)
            .filter { $0.tenant == tenant && ($0.workflow == id || $0.id == id) }.sorted { $0.id < $1.id }
        let runs = Array(all.prefix(limit))
        let ids = Set(runs.map(\.id))
        let kept = edges.filter { edge in edge.arrival.wave == id || edge.childRun.map { ids.contains($0) } == true }
        let roots = kept.filter { $0.childRun == nil }.map(\.join.task) + runs.filter { $0.id == id }.map(\.task)
        let reached = Array(withDependents(roots).prefix(limit))
        var record = WaveRecord(
            runs: runs,
            edges: kept.map { WaveRecord.Edge(task: $0.join.task, childRun: $0.childRun, arrival: $0.arrival) },
            dependencies: graph.filter { reached.contains($0.key) }, names: tasks.mapValues(\.spec.name),
            isTruncated: all.count > limit)
        record.statuses = Set(all.map(\.status))
        record.lastEnd = all.compactMap(\.completedAt).max()
        return record
    }
}

/// An arrival, kept as an edge of its wave.
struct WaveEdge {
    var join: WaveJoin.Key
    var arrival: DependencyArrival
    var childRun: RunID?
}
