public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Gives fire times of the past their runs: those that were missed, skipped, or came before the task did.
///
/// Its runs are of low priority and fall due one after another, so that they never crowd out what is due now; like all
/// runs they keep within `max_concurrent` and `max_executions`. They are made in transactions of at most `slice`
/// fire times, so that nobody waits long for the task's row.
public struct BackfillTask: Sendable {
    private let store: any SchedulerStore
    private let zones: any ZoneCatalog
    private let clock: any SchedulerClock
    private let interval: Duration
    private static let slice = 500
    /// How many fire times one call looks at, those included that have a run: the rest is left to another call.
    private static let patience = 50_000
    /// How often a slice is tried that loses against concurrent transactions; the store itself has repeated it by then.
    private static let attempts = 3

    /// - Parameters:
    ///   - clock: the clock that stamps the ids of runs; fire times go by the store's own.
    ///   - runsPerSecond: how many runs of one backfill fall due in a second.
    public init(
        store: any SchedulerStore,
        zones: any ZoneCatalog = SystemZones.shared,
        clock: any SchedulerClock = SystemClock(),
        runsPerSecond: Int = 10
    ) {
        self.store = store
        self.zones = zones
        self.clock = clock
        interval = .microseconds(1_000_000 / Int64(max(1, runsPerSecond)))
    }

    /// Makes the runs and answers when they are there; a cancellation of the backfill ends it early.
    ///
    /// - Throws: `notFound`; `conflict` for a draft or an ended task, one without a schedule, and one that has had all
    ///   its runs; `validation` for a range that is not past.
    public func callAsFunction(
        _ id: TaskID, _ body: BackfillBody, tenant: TenantID = .default, by creator: String? = nil
    ) async throws -> BackfillProgress {
        let task = try await store.tasks.find(id, tenant: tenant)
        guard let times = try FireTimes(of: task.spec, zones: zones) else {
            throw SchedulerError(.conflict, "task \(id) has no schedule, so it has no fire times to backfill")
        }
        if let most = task.spec.maxExecutions, task.executionCount >= most {
            throw SchedulerError(.conflict, "task \(id) has had its \(most) runs; raise max_executions first")
        }
        guard task.status == .active || task.status == .paused else {
            throw SchedulerError(.conflict, "task \(id) is \(task.status.rawValue); resume it before it is backfilled")
        }
        let now = try await store.now()
        guard body.to <= now else {
            throw SchedulerError.invalid("to", "lies in the future; only past fire times can be backfilled")
        }
        let backfill = try await store.backfills.begin(
            Backfill(
                id: RunID(at: clock.now), tenant: tenant, task: id, from: body.from, to: body.to, limit: body.limit,
                createdBy: creator, createdAt: now))
        var place = Place(next: times.next(after: backfill.from.advanced(by: .microseconds(-1))))
        do {
            try await fill(backfill, with: times, from: &place)
        } catch {
            // The caller hears what failed. Where this fails too, the store is away, and whoever looks later finds the
            // backfill interrupted.
            try? await finish(backfill, at: place)
            throw error
        }
        try await finish(backfill, at: place)
        return try await store.find(backfill)
    }

    /// How far the making of runs is.
    private struct Place {
        /// The first fire time that it has not come to.
        var next: UTCInstant?
        var created = 0
        var seen = 0
    }

    /// Makes the runs slice by slice; the place stays before a slice that fails.
    ///
    /// Every slice but the last of the range has the full size, however few runs are still to be made: so the number of
    /// transactions is bounded, also where most fire times have their runs.
    private func fill(_ backfill: Backfill, with times: FireTimes, from place: inout Place) async throws {
        while let first = place.next, first < backfill.to, place.created < backfill.limit,
            place.seen < BackfillTask.patience
        {
            var fires: [UTCInstant] = []
            var next = place.next
            while let fire = next, fire < backfill.to, fires.count < BackfillTask.slice {
                fires.append(fire)
                next = times.next(after: fire)
            }
            guard let step = try await add(fires, to: backfill, after: place.created) else { return }
            place.created += step.created.count
            place.seen += fires.count
            place.next = step.stoppedAt ?? next
            if !step.created.isEmpty { await store.wakeUps.send(.runs) }
            if step.stoppedAt != nil { return }
        }
    }

    /// Makes the runs of one slice; nil where the task was deleted or stopped since the first ones were made.
    private func add(_ fires: [UTCInstant], to backfill: Backfill, after created: Int) async throws -> BackfillStep? {
        let runs = runs(of: backfill, fires, after: created)
        var attempt = 1
        while true {
            do {
                return try await store.backfills.add(runs, to: backfill.id, atMost: backfill.limit - created)
            } catch let error as SchedulerError
                where created > 0 && (error.code == .notFound || error.code == .conflict)
            {
                return nil
            } catch let error as SchedulerError
                where error.code == .transactionConflict && attempt < BackfillTask.attempts
            {
                attempt += 1
            }
        }
    }

    /// Records how far it came, also for a caller who has gone.
    private func finish(_ backfill: Backfill, at place: Place) async throws {
        let remaining = place.next.flatMap { $0 < backfill.to ? $0 : nil }
        try await withCancellationShield { [store] in
            try await store.backfills.finish(backfill.id, remainingFrom: remaining)
        }
    }

    private func runs(of backfill: Backfill, _ fires: [UTCInstant], after created: Int) -> [NewRun] {
        fires.enumerated().map { index, fire in
            NewRun(
                id: RunID(at: clock.now), tenant: backfill.tenant, task: backfill.task,
                overrides: RunOverrides(priority: .low), trigger: .backfill, triggeredBy: backfill.createdBy,
                scheduledAt: fire, dueAt: backfill.createdAt.advanced(by: interval * (created + index)),
                workflow: backfill.id)
        }
    }
}

/// Returns a backfill and how far its runs are.
public struct FindBackfill: Sendable {
    private let store: any SchedulerStore

    public init(store: any SchedulerStore) { self.store = store }

    /// - Throws: `notFound`.
    public func callAsFunction(
        _ id: RunID, of task: TaskID, tenant: TenantID = .default
    ) async throws -> BackfillProgress {
        guard let progress = try await store.backfills.find(id, task: task, tenant: tenant) else {
            throw SchedulerError(.notFound, "task \(task) has no backfill \(id)")
        }
        return progress
    }
}

/// Cancels a backfill as a whole: it makes no more runs, those that have not ended are cancelled, and so is what has
/// followed from them at dependent tasks.
public struct CancelBackfill: Sendable {
    /// The most runs that one transaction cancels.
    private static let slice = 500

    private let store: any SchedulerStore

    public init(store: any SchedulerStore) { self.store = store }

    /// Cancels it; one that is done stays as it is.
    ///
    /// Repeated, it goes on where it was broken off.
    ///
    /// - Throws: `notFound`.
    public func callAsFunction(
        _ id: RunID, of task: TaskID, tenant: TenantID = .default
    ) async throws -> BackfillProgress {
        guard let marked = try await store.backfills.cancel(id, task: task, tenant: tenant) else {
            throw SchedulerError(.notFound, "task \(task) has no backfill \(id)")
        }
        guard marked.state == .cancelled else { return marked }
        let reason = "its backfill \(id) was cancelled"
        // It ends: no run comes to those of a backfill that is marked.
        while try await store.backfills.cancelRuns(of: id, limit: CancelBackfill.slice, reason: reason) > 0 {
            // What was on its way to a worker has freed its slot.
            await store.wakeUps.send(.runs)
            await store.wakeUps.send(.workers)
        }
        return try await store.find(marked.backfill)
    }
}

extension SchedulerStore {
    /// A backfill that was just made.
    fileprivate func find(_ backfill: Backfill) async throws -> BackfillProgress {
        try await FindBackfill(store: self)(backfill.id, of: backfill.task, tenant: backfill.tenant)
    }
}
