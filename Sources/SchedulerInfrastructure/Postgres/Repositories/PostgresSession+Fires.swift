import SchedulerDomain

/// Firing tasks and writing the ledger inside a transaction that holds the tasks' rows.
extension PostgresSession {
    /// Applies the decisions whose compare and set holds on the locked rows, and keeps those up to date.
    ///
    /// - Parameter overlapping: the locked runs whose place new ones take, by task.
    /// - Returns: the tasks whose decision counted.
    func apply(
        _ decisions: [FireDecision], to tasks: inout [TaskID: LockedTask], displacing overlapping: [TaskID: [LockedRun]]
    ) throws -> Set<TaskID> {
        let won = decisions.filter { decision in
            guard let task = tasks[decision.task], task.accepts(decision) else { return false }
            tasks[decision.task]?.nextRunAt = decision.next
            tasks[decision.task]?.executionCount += Int64(decision.runs.count)
            if decision.endsTask { tasks[decision.task]?.status = .inactive }
            return true
        }
        guard let now = won.first.flatMap({ tasks[$0.task]?.now }) else { return [] }
        let fresh = try record(won, now: now)
        let runs = won.flatMap { decision in
            decision.runs.filter { fresh.contains($0.id) }.compactMap { tasks[decision.task]?.run($0) }
        }
        for run in runs {
            let latest = tasks[run.task]?.lastRunAt ?? run.scheduledAt
            tasks[run.task]?.lastRunAt = max(latest, run.scheduledAt)
        }
        // Before anything ends: what follows from an end counts against the limits of tasks that fire here too.
        try advance(won, runs: Dictionary(grouping: runs, by: \.task))
        let displacing = Dictionary(grouping: won.filter { $0.runs.contains { fresh.contains($0.id) } }, by: \.task)
        let displaced = try overlapping.sorted { $0.key < $1.key }.flatMap { task, overlapping in
            try displacing[task]?.last.map { try cancel(overlapping, reason: $0.displacement) } ?? []
        }
        try insert(runs)
        try addStats(displaced)
        return Set(won.map(\.task))
    }

    private func advance(_ won: [FireDecision], runs: [TaskID: [TaskRun]]) throws {
        // One task may stand in several decisions, of which the last says how it goes on.
        let last = Dictionary(won.map { ($0.task, $0) }) { _, last in last }.values.sorted { $0.task < $1.task }
        try execute(
            TaskSQL.advance,
            [
                .int8s(last.map(\.task.rawValue)), .instants(last.map(\.next)), .bools(last.map(\.endsTask)),
                .int8s(last.map { Int64(runs[$0.task]?.count ?? 0) }),
                .instants(last.map { runs[$0.task]?.map(\.scheduledAt).max() }),
            ])
    }

    /// Writes the fire times that pauses left out, each by the version that it belongs to.
    func record(
        missedBy edits: [TaskEdit], replacing old: [TaskDefinition], _ tasks: [TaskID: LockedTask]
    ) throws {
        let lines = zip(edits, old).compactMap { edit, old in
            edit.missed.map { SkippedLine(task: old.id, version: old.version, skip: $0) }
        }
        guard let now = lines.first.flatMap({ tasks[$0.task]?.now }) else { return }
        let continued = try continueSeries(lines, now: now)
        _ = try addFires(lines.filter { !continued.contains($0.task) }.map { $0.record(at: now) })
    }

    /// Writes the ledger.
    ///
    /// - Returns: the runs whose fire time was not in it yet; only those are made.
    private func record(_ decisions: [FireDecision], now: UTCInstant) throws -> Set<RunID> {
        // Of several decisions on one task only the first begins where the ledger ends.
        let first = Dictionary(decisions.map { ($0.task, $0) }) { first, _ in first }
        let leading = first.values.compactMap { decision in
            decision.leadingSkip.map { SkippedLine(task: decision.task, version: decision.version, skip: $0) }
        }
        let continued = try continueSeries(leading.sorted { $0.task < $1.task }, now: now)
        var fires: [FireRecord] = []
        for decision in decisions {
            for run in decision.runs {
                fires.append(
                    FireRecord(
                        task: decision.task, version: decision.version, scheduledAt: run.scheduledAt ?? decision.from,
                        run: run.id, decidedAt: now))
            }
            let isContinued = continued.contains(decision.task)
            let skipsOfItsOwn = decision.skips.filter { skip in
                !isContinued || first[decision.task] != decision || skip != decision.leadingSkip
            }
            fires += skipsOfItsOwn.map {
                SkippedLine(task: decision.task, version: decision.version, skip: $0).record(at: now)
            }
        }
        return try addFires(fires)
    }

    private func continueSeries(_ lines: [SkippedLine], now: UTCInstant) throws -> Set<TaskID> {
        guard !lines.isEmpty else { return [] }
        let rows = try execute(
            TaskSQL.continueSeries,
            [
                .int8s(lines.map(\.task.rawValue)), .instants(lines.map(\.skip.first)),
                .instants(lines.map(\.skip.last)), .int4s(lines.map(\.version)),
                .texts(lines.map(\.skip.reason.rawValue)), .instant(now),
            ])
        return Set(try rows.map { TaskID(try $0.int64()) })
    }

    private func addFires(_ fires: [FireRecord]) throws -> Set<RunID> {
        guard let now = fires.first?.decidedAt else { return [] }
        let rows = try execute(
            TaskSQL.addFires,
            [
                .int8s(fires.map(\.task.rawValue)), .instants(fires.map(\.scheduledAt)),
                .instants(fires.map(\.lastScheduledAt)), .int4s(fires.map(\.version)),
                .uuids(fires.map { $0.run?.bits }),
                .texts(fires.map { $0.skipped?.rawValue }), .instant(now),
            ]
        ).map { row in
            (key: FireKey(task: try row.int64(), at: try row.instant()), run: try row.optionalUUID().map(RunID.init))
        }
        let written = Set(rows.map(\.key))
        let cut = fires.filter { fire in
            fire.lastScheduledAt != nil && !written.contains(FireKey(task: fire.task.rawValue, at: fire.scheduledAt))
        }
        if !cut.isEmpty {
            try execute(
                TaskSQL.addRests,
                [
                    .int8s(cut.map(\.task.rawValue)), .instants(cut.map(\.scheduledAt)),
                    .instants(cut.map(\.lastScheduledAt)), .int4s(cut.map(\.version)),
                    .texts(cut.map { $0.skipped?.rawValue }), .instant(now),
                ])
        }
        return Set(rows.compactMap(\.run))
    }
}

/// The key of a line of the ledger.
private struct FireKey: Hashable {
    let task: Int64
    let at: UTCInstant
}

/// A skipped series with the version that it belongs to.
private struct SkippedLine {
    let task: TaskID
    let version: Int
    let skip: SkippedFires

    func record(at now: UTCInstant) -> FireRecord {
        FireRecord(
            task: task, version: version, scheduledAt: skip.first,
            lastScheduledAt: skip.last > skip.first ? skip.last : nil, skipped: skip.reason, decidedAt: now)
    }
}

extension LockedTask {
    /// The compare and set of a decision.
    fileprivate func accepts(_ decision: FireDecision) -> Bool {
        tenant == decision.tenant && version == decision.version && status == .active && !isDeleted
            && nextRunAt == decision.from && allows(decision.runs.count)
    }
}
