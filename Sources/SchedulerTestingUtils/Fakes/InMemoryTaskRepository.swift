public import SchedulerDomain
import SchedulerErrors

/// Tasks, versions and the ledger in memory.
public final class InMemoryTaskRepository: TaskRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    /// A repository of its own, that shares its state with no other.
    public convenience init(now: @escaping @Sendable () -> UTCInstant) { self.init(InMemoryShared(now: now)) }

    public func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] {
        try shared.transaction { state, now in
            try state.undoingOnError { state in try drafts.map { try state.create($0, now: now) } }
        }
    }

    public func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        shared.transaction { state, _ in Set(ids).compactMap { state.undeleted($0, tenant: tenant) } }
    }

    public func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> {
        shared.transaction { state, _ in
            let rows = state.tasks.values
                .filter { task in
                    task.tenant == query.tenant && !state.deleted.contains(task.id)
                        && (query.status == nil || task.status == query.status)
                        && query.before.map { task.id < $0 } ?? true
                }
                .sorted { $0.id > $1.id }
            return Page(rows: rows, limit: query.limit)
        }
    }

    public func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        precondition(edits.count == old.count, "each edit replaces one task")
        return try shared.transaction { state, now in
            try state.undoingOnError { state in
                try zip(edits, old).map { try state.save($0, replacing: $1, now: now) }
            }
        }
    }

    public func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID] {
        try shared.transaction { state, now in
            var found = Set(ids).filter { state.undeleted($0, tenant: tenant) != nil }.sorted()
            if cascading {
                found = state.withDependents(found).sorted()
            } else {
                try state.checkNoDependents(of: found)
            }
            state.delete(found, now: now)
            return found
        }
    }

    public func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec] {
        shared.transaction { state, _ in
            var specs: [TaskVersionID: TaskSpec] = [:]
            for id in ids { specs[id] = state.versions[id] }
            return specs
        }
    }

    public func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks {
        shared.transaction { state, now in
            let firing = state.tasks.values
                .filter { $0.status == .active && $0.nextRunAt != nil && !state.deleted.contains($0.id) }
                .filter { !excluded.contains($0.id) }
                .sorted { ($0.nextRunAt ?? now, $0.id) < ($1.nextRunAt ?? now, $1.id) }
            let due = firing.prefix { ($0.nextRunAt ?? now) <= now }.prefix(limit)
            let entries = due.map { DueTasks.Entry(task: $0, load: state.load(of: $0.id)) }
            return DueTasks(now: now, entries: entries, nextFireAt: firing.dropFirst(due.count).first?.nextRunAt)
        }
    }

    public func load(of task: TaskID) async throws -> TaskLoad {
        shared.transaction { state, _ in state.load(of: task) }
    }

    public func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID> {
        shared.transaction { state, now in
            Set(decisions.filter { state.fire($0, now: now) }.map(\.task))
        }
    }

    public func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord] {
        shared.transaction { state, _ in
            let rows = (state.fires[task] ?? [])
                .filter {
                    $0.scheduledAt < range.upperBound && ($0.lastScheduledAt ?? $0.scheduledAt) >= range.lowerBound
                }
                .sorted { $0.scheduledAt < $1.scheduledAt }
            return Array(rows.prefix(limit))
        }
    }
}
