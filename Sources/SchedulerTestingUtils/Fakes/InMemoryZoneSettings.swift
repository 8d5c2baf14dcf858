public import SchedulerDomain

/// How far fire times follow the time zone rules, in memory.
public final class InMemoryZoneSettings: ZoneSettings {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    public func zoneProgress() async throws -> ZoneProgress? {
        shared.transaction { state, _ in state.zoneProgress }
    }

    public func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks {
        shared.transaction { state, now in
            let tasks = state.tasks.values
                .filter { task in
                    task.status == .active && !state.deleted.contains(task.id)
                        && task.nextRunAt.map { $0 > now } ?? false
                        && last.map { task.id > $0 } ?? true
                }
                .sorted { $0.id < $1.id }
                .prefix(limit)
            let decided = tasks.map { task in
                (task.id, state.fires[task.id, default: []].map { $0.lastScheduledAt ?? $0.scheduledAt }.max())
            }
            return UpcomingTasks(
                now: now, tasks: Array(tasks),
                decided: Dictionary(uniqueKeysWithValues: decided).compactMapValues { $0 })
        }
    }

    public func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID> {
        try shared.transaction { state, now in
            try state.check(term)
            state.zoneProgress = progress
            return Set(moves.filter { state.move($0, now: now) }.map(\.task))
        }
    }
}

extension InMemoryState {
    fileprivate mutating func move(_ move: FireTimeMove, now: UTCInstant) -> Bool {
        guard let task = tasks[move.task], !deleted.contains(move.task), task.status == .active,
            task.version == move.version, task.nextRunAt == move.from, move.from > now
        else { return false }
        tasks[move.task]?.nextRunAt = move.to
        if move.to == nil { tasks[move.task]?.status = .inactive }
        return true
    }
}
