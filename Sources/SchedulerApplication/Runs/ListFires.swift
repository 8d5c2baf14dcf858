public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Lists what became of each expected fire time of a task, what is under way, and what is to come.
public struct ListFires: Sendable {
    /// What to list.
    public struct Query: Sendable, Hashable {
        /// Fire times from this one on; nil: from a day ago.
        public var from: UTCInstant?
        /// Fire times before this one; nil: up to a day ahead.
        public var to: UTCInstant?
        public var limit: Int
        /// Where the page begins; what began before it was on an earlier page.
        public var cursor: UTCInstant?

        public init(from: UTCInstant? = nil, to: UTCInstant? = nil, limit: Int = 50, cursor: UTCInstant? = nil) {
            self.from = from
            self.to = to
            self.limit = limit
            self.cursor = cursor
        }
    }

    /// One page, earliest first.
    public struct Answer: Sendable, Hashable {
        public var items: [FireItem]
        /// Where the next page begins; nil: this is the last.
        public var next: UTCInstant?
    }

    private let store: any SchedulerStore
    private let zones: any ZoneCatalog

    public init(store: any SchedulerStore, zones: any ZoneCatalog = SystemZones.shared) {
        self.store = store
        self.zones = zones
    }

    /// - Throws: `notFound`; `validation` where the range is empty.
    public func callAsFunction(
        _ id: TaskID, _ query: Query = Query(), tenant: TenantID = .default
    ) async throws -> Answer {
        let task = try await store.tasks.find(id, tenant: tenant)
        let now = try await store.now()
        let from = query.from ?? min(query.to ?? now, now).advanced(by: .seconds(-86_400))
        let to = query.to ?? max(from, now).advanced(by: .seconds(86_400))
        guard from < to else { throw SchedulerError.invalid("to", "must be later than from") }
        let range = max(from, query.cursor ?? from)..<max(to, query.cursor ?? to)
        let ledger = try await store.tasks.fires(of: id, in: range, limit: query.limit + 2)
        let lines = ledger.filter { query.cursor == nil || $0.scheduledAt >= range.lowerBound }
        let backfilled = try await store.backfills.fires(of: id, in: range, limit: query.limit + 2)
        // What was decided since the task was read stands in the ledger: it is not ahead any more.
        let decided = ledger.last.map { $0.lastScheduledAt ?? $0.scheduledAt } ?? .distantPast
        let made = Set(backfilled.map(\.scheduledAt))
        let outlook = try FireOutlook(task: task, now: now, zones: zones)
            .items(in: range, continues: query.cursor != nil, limit: query.limit + 2)
            .filter { $0.scheduledAt > decided && !made.contains($0.scheduledAt) }
        let items = lines.map(FireItem.init) + backfilled.map(FireItem.init) + outlook
        var answer = ListFires.page(items, limit: query.limit)
        try await complete(&answer.items, of: task)
        return answer
    }

    /// The earliest items; those of one fire time (a skipped series and the backfill of its first) stay together.
    private static func page(_ items: [FireItem], limit: Int) -> Answer {
        let sorted = items.enumerated()
            .sorted { ($0.element.scheduledAt, $0.offset) < ($1.element.scheduledAt, $1.offset) }
            .map(\.element)
        var end = min(limit, sorted.count)
        while end < sorted.count, sorted[end].scheduledAt == sorted[end - 1].scheduledAt { end += 1 }
        return Answer(
            items: Array(sorted[..<end]), next: end < sorted.count ? sorted[end].scheduledAt : nil)
    }

    /// Looks up how the runs are, and counts the series by the versions that they belong to.
    private func complete(_ items: inout [FireItem], of task: TaskDefinition) async throws {
        let runs = try await store.runs.find(items.compactMap(\.run), tenant: task.tenant)
        let statuses = Dictionary(runs.map { ($0.id, $0.status) }) { first, _ in first }
        let versions = Set(items.filter { $0.lastScheduledAt != nil }.compactMap(\.version))
        let specs = try await store.tasks.versions(versions.map { TaskVersionID(task: task.id, version: $0) })
        var counter = FireCounter()
        for index in items.indices {
            items[index].runStatus = items[index].run.flatMap { statuses[$0] }
            guard let last = items[index].lastScheduledAt else { continue }
            let version = TaskVersionID(task: task.id, version: items[index].version ?? task.version)
            let spec = specs[version] ?? task.spec
            items[index].count = try counter.count(
                FireTimes(readable: spec, zones: zones), from: items[index].scheduledAt, through: last)
        }
    }
}

/// Counts fire times, and in one answer no more than a bound, so that a year of seconds costs nobody minutes.
private struct FireCounter {
    private var left = 10_000

    /// Nil where there are more than may still be counted.
    mutating func count(_ times: FireTimes?, from first: UTCInstant, through last: UTCInstant) -> Int? {
        guard let times else { return nil }
        var count = 0
        // What is left of a series after another line begins between two fire times.
        var fire = first.advanced(by: .microseconds(-1))
        while left > 0, let next = times.next(after: fire), next <= last {
            left -= 1
            count += 1
            fire = next
        }
        return left > 0 ? count : nil
    }
}

extension FireTimes {
    /// Nil also for a schedule that an earlier release took and this one cannot read: its past is listed all the same.
    init?(readable spec: TaskSpec, zones: any ZoneCatalog) throws {
        do {
            try self.init(of: spec, zones: zones)
        } catch let error as SchedulerError where error.code == .validation {
            return nil
        }
    }
}

extension FireItem {
    fileprivate init(_ record: FireRecord) {
        self.init(
            record.run == nil ? .skipped : .fired, at: record.scheduledAt, through: record.lastScheduledAt,
            reason: record.skipped?.words, run: record.run, version: record.version, decidedAt: record.decidedAt)
    }

    fileprivate init(_ fire: BackfilledFire) {
        self.init(.backfilled, at: fire.scheduledAt, run: fire.run, backfill: fire.backfill)
    }
}
