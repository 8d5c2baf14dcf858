import SchedulerDomain
import SchedulerTestingUtils
import Synchronization

/// A task repository in which somebody else holds tasks, and in which firing takes time.
final class HeldTaskRepository: TaskRepository {
    struct Fire: Sendable, Equatable {
        var tasks: [TaskID]
        var waits: Bool
    }

    private let base: any TaskRepository
    private let clock: VirtualClock
    private let duration: Duration
    private let held = Mutex<Set<TaskID>>([])
    private let seen = Mutex<[Fire]>([])

    /// - Parameter duration: how long each transaction that fires takes.
    init(base: any TaskRepository, clock: VirtualClock, duration: Duration = .zero) {
        self.base = base
        self.clock = clock
        self.duration = duration
    }

    /// The transactions so far that fired.
    var fires: [Fire] { seen.withLock { $0 } }

    /// Whoever waits for these gets them all the same.
    func hold(_ tasks: Set<TaskID>) { held.withLock { $0 = tasks } }

    func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID> {
        seen.withLock { $0.append(Fire(tasks: decisions.map(\.task), waits: waits)) }
        clock.advance(by: duration)
        let held = held.withLock { $0 }
        return try await base.fire(decisions.filter { waits || !held.contains($0.task) }, waits: waits)
    }

    func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] { try await base.create(drafts) }
    func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        try await base.find(ids, tenant: tenant)
    }
    func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> { try await base.list(query) }
    func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        try await base.save(edits, replacing: old)
    }
    func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID] {
        try await base.delete(ids, tenant: tenant, cascading: cascading)
    }
    func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec] { try await base.versions(ids) }
    func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks {
        try await base.due(limit: limit, except: excluded)
    }
    func load(of task: TaskID) async throws -> TaskLoad { try await base.load(of: task) }
    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord] {
        try await base.fires(of: task, in: range, limit: limit)
    }
}
