import SchedulerDomain
import SchedulerErrors

/// Changes a task that others may change or fire at the same time.
///
/// The store compares what was read with what it has. Who comes second reads anew and makes the change again, since
/// each of our changes means the same on whatever it finds; after three attempts the caller is told of the conflict.
/// Fire times of the old schedule that were due when the change was made are decided in the change's own
/// transaction, so that none is lost and none is decided by a schedule that it does not belong to.
struct TaskEditor: Sendable {
    /// What a change makes of the task as it was read.
    struct Change {
        var spec: TaskSpec
        var status: TaskStatus
        /// Whether fire times are counted anew from the change even if the old schedule has just come to its end.
        var reschedules: Bool
    }

    private let store: any SchedulerStore
    private let decider: FireTimesDecider
    private static let attempts = 3

    init(store: any SchedulerStore, decider: FireTimesDecider) {
        self.store = store
        self.decider = decider
    }

    /// Applies a change and wakes whoever waits for fire times.
    ///
    /// - Parameter change: says what is to become of the task at an instant; nil where it is so already. It may be
    ///   called more than once.
    /// - Throws: `notFound`; `conflict` where others were quicker each time; what `change` throws.
    func edit(
        _ id: TaskID, tenant: TenantID, _ change: @Sendable (TaskDefinition, UTCInstant) throws -> Change?
    ) async throws -> TaskDefinition {
        var attempt = 1
        while true {
            let task = try await store.tasks.find(id, tenant: tenant)
            let now = try await store.now()
            guard let change = try change(task, now) else { return task }
            let decided = try await dueFires(of: task, now: now)
            let missed = try missedByPause(of: task, change: change, now: now)
            let goesOnAfter = max(now, try await lastDecided(of: task, after: now) ?? now)
            do {
                let edited = try TaskEditor.edited(
                    task, by: change, decided: decided, now: now, goesOnAfter: goesOnAfter, zones: decider.zones)
                let edit = TaskEdit(task: edited, decided: decided, missed: missed)
                let saved = try await store.tasks.save([edit], replacing: [task])
                await store.wakeUps.send(.tasks)
                if decided?.runs.isEmpty == false || TaskEditor.mayFreeRuns(edited, after: task) {
                    await store.wakeUps.send(.runs)
                }
                guard let saved = saved.first else {
                    throw SchedulerError(.internal, "the store returned no task for an edit")
                }
                return saved
            } catch let error as SchedulerError where error.code == .conflict && attempt < TaskEditor.attempts {
                attempt += 1
            }
        }
    }

    /// Whether runs that were held may start now.
    private static func mayFreeRuns(_ edited: TaskDefinition, after task: TaskDefinition) -> Bool {
        task.status == .paused && edited.status != .paused || edited.spec.maxConcurrent != task.spec.maxConcurrent
    }

    /// The task after the change: where its schedule goes on, and whether it has ended.
    private static func edited(
        _ task: TaskDefinition, by change: Change, decided: FireDecision?, now: UTCInstant, goesOnAfter: UTCInstant,
        zones: any ZoneCatalog
    ) throws -> TaskDefinition {
        var edited = task
        edited.spec = change.spec
        edited.status = change.status
        edited.nextRunAt = nil
        edited.pausedAt = change.status == .paused ? pausedAt(task, change: change, now: now) : nil
        guard change.status == .active else { return edited }
        let count = task.executionCount + Int64(decided?.runs.count ?? 0)
        let isExhausted = change.spec.maxExecutions.map { count >= $0 } ?? false
        let hasEnded = decided?.endsTask == true && !change.reschedules
        if isExhausted || hasEnded {
            edited.status = .inactive
        } else {
            edited.nextRunAt = try FireTimes(of: change.spec, zones: zones)?.next(after: goesOnAfter)
        }
        return edited
    }

    /// Since when fire times are left out after the change: a pause that goes on keeps its beginning unless its schedule
    /// changes, since what the old schedule missed comes into the ledger with the edit.
    private static func pausedAt(_ task: TaskDefinition, change: Change, now: UTCInstant) -> UTCInstant {
        guard task.status == .paused, let pausedAt = task.pausedAt, !change.spec.differsInFireTimes(from: task.spec)
        else { return now }
        return pausedAt
    }

    private func missedByPause(of task: TaskDefinition, change: Change, now: UTCInstant) throws -> SkippedFires? {
        guard change.status != .paused || change.spec.differsInFireTimes(from: task.spec) else { return nil }
        do {
            return try decider.missedByPause(of: task, now: now)
        } catch let error as SchedulerError where error.code == .validation {
            // A schedule that cannot be read has no fire times to list; this edit may be what mends it.
            return nil
        }
    }

    /// The latest fire time beyond now that is decided already: there is one only where the store's clock went back, and
    /// none up to it may be decided again.
    private func lastDecided(of task: TaskDefinition, after now: UTCInstant) async throws -> UTCInstant? {
        let page = 500
        var last: UTCInstant?
        while true {
            let from = (last ?? now).advanced(by: .microseconds(1))
            let fires = try await store.tasks.fires(of: task.id, in: from..<UTCInstant.distantFuture, limit: page)
            last = fires.map { $0.lastScheduledAt ?? $0.scheduledAt }.max() ?? last
            if fires.count < page { return last }
        }
    }

    private func dueFires(of task: TaskDefinition, now: UTCInstant) async throws -> FireDecision? {
        guard task.status == .active, let next = task.nextRunAt, next <= now else { return nil }
        let load = try await store.tasks.load(of: task.id)
        do {
            return try decider.decision(for: task, load: load, now: now)
        } catch let error as SchedulerError where error.code == .validation {
            // Nobody can decide the fire times of a schedule that cannot be read; this edit may be what mends it.
            return nil
        }
    }
}

extension TaskRepository {
    /// Returns one undeleted task of the tenant.
    ///
    /// - Throws: `notFound`.
    func find(_ id: TaskID, tenant: TenantID) async throws -> TaskDefinition {
        guard let task = try await find([id], tenant: tenant).first else {
            throw SchedulerError(.notFound, "task \(id) does not exist")
        }
        return task
    }
}

extension TaskSpec {
    /// Whether the two fire at different times.
    fileprivate func differsInFireTimes(from other: TaskSpec) -> Bool {
        schedule != other.schedule || timezone != other.timezone || startDate != other.startDate
            || endDate != other.endDate || gapPolicy != other.gapPolicy || repeatPolicy != other.repeatPolicy
    }
}
