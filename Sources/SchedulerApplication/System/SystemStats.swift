public import SchedulerDomain

/// Counts what an operator should see, over all tenants.
public struct SystemStats: Sendable {
    public struct Counts: Sendable, Hashable {
        /// Reports of superseded attempts that were refused and are still kept.
        public var lateReports: Int
    }

    private let store: any SchedulerStore

    public init(store: any SchedulerStore) { self.store = store }

    public func callAsFunction() async throws -> Counts {
        Counts(lateReports: try await store.lateReports.countLateReports())
    }
}

extension JSONWriter {
    package mutating func value(_ counts: SystemStats.Counts) {
        object { writer in
            writer.field("late_reports", counts.lateReports)
        }
    }
}
