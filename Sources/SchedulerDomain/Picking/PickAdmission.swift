/// Who may start now: the limits, what counts against them, and the free slots.
///
/// The one predicate of picking. `PickPlan` asks it for every run, `RunExplanation` for the run in question.
public struct PickAdmission: Sendable {
    private struct Key: Hashable {
        var tenant: TenantID
        var key: String
    }

    public private(set) var slots: FreeSlots
    private let now: UTCInstant
    private let tasks: [TaskID: TaskLimits]
    private let tenants: [TenantID: Int]
    private let lacking: [TaskVersionID: String]
    private var places: PickPlaces
    private var ofTask: [TaskID: Int] = [:]
    private var ofKey: [Key: Int] = [:]
    private var ofTenant: [TenantID: Int] = [:]

    public init(_ snapshot: PickSnapshot, slots: FreeSlots) {
        self.slots = slots
        now = snapshot.now
        tasks = snapshot.tasks
        tenants = snapshot.tenants
        lacking = snapshot.lacking
        places = PickPlaces(snapshot)
        for group in snapshot.underWay {
            count(group.count, tenant: group.tenant, task: group.task, key: group.concurrencyKey)
        }
    }

    /// Everything that holds the run back, in the order in which it would have to change; empty: it may start now.
    public func refusals(of run: WaitingRun) -> [PickRefusal] {
        var refusals: [PickRefusal] = []
        if run.dueAt > now { refusals.append(.notDue(until: run.dueAt)) }
        let task = tasks[run.task] ?? TaskLimits(maxConcurrent: 0)
        if task.isPaused, !run.trigger.isByHand { refusals.append(.paused) }
        if task.maxConcurrent > 0 {
            let used = ofTask[run.task] ?? 0
            if used >= task.maxConcurrent { refusals.append(.taskLimit(used: used, limit: task.maxConcurrent)) }
            if let key = run.concurrencyKey, let used = ofKey[Key(tenant: run.tenant, key: key)],
                used >= task.maxConcurrent
            {
                refusals.append(.keyLimit(key: key, used: used, limit: task.maxConcurrent))
            }
        }
        if let limit = tenants[run.tenant], limit > 0, let used = ofTenant[run.tenant], used >= limit {
            refusals.append(.tenantLimit(used: used, limit: limit))
        }
        if !lacking.isEmpty, let executor = lacking[run.version] {
            refusals.append(.noExecutor(executor, type: run.taskType))
        }
        let all = slots.slots(of: run.taskType)
        if all != nil, let refusal = places.refusal(of: run) { refusals.append(refusal) }
        if !slots.has(run.taskType) {
            refusals.append(
                all.map { .noSlot(type: run.taskType, slots: $0) } ?? .noWorker(type: run.taskType))
        }
        return refusals
    }

    /// Counts a run that starts.
    ///
    /// - Returns: the one worker that it goes to; nil: any that takes its type.
    @discardableResult
    mutating func admit(_ run: WaitingRun) -> WorkerID? {
        let worker = places.send(run)
        if let worker {
            slots.take(run.taskType, of: Set(worker.taskTypes))
        } else {
            slots.take(run.taskType)
        }
        count(1, tenant: run.tenant, task: run.task, key: run.concurrencyKey)
        return worker?.worker
    }

    /// Tasks that cannot start any run now, by hand or not; what waits of them need not be read.
    public func tasksAtLimit(among underWay: [RunsUnderWay]) -> Set<TaskID> {
        Set(underWay.map(\.task)).filter { task in
            tasks[task].map { $0.maxConcurrent > 0 && (ofTask[task] ?? 0) >= $0.maxConcurrent } ?? false
        }
    }

    private mutating func count(_ runs: Int, tenant: TenantID, task: TaskID, key: String?) {
        ofTask[task, default: 0] += runs
        ofTenant[tenant, default: 0] += runs
        if let key { ofKey[Key(tenant: tenant, key: key), default: 0] += runs }
    }
}
