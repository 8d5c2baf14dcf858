public import SchedulerDomain

/// Counts what an operator should see, over all tenants.
public struct SystemStats: Sendable {
    public struct Counts: Sendable, Hashable {
        /// Reports of superseded attempts that were refused and are still kept.
        public var lateReports: Int
        /// Parked messages and quarantined runs that are kept.
        public var deadLetters: Int
    }

    private let store: any SchedulerStore

    public init(store: any SchedulerStore) { self.store = store }

    public func callAsFunction() async throws -> Counts {
        Counts(
            lateReports: try await store.lateReports.countLateReports(),
            deadLetters: try await store.deadLetters.countDeadLetters())
    }
}

extension JSONWriter {
    package mutating func value(_ counts: SystemStats.Counts) {
        object { writer in
            writer.field("late_reports", counts.lateReports)
            writer.field("dead_letters", counts.deadLetters)
        }
    }
}
