public import SchedulerDomain
import SchedulerErrors

/// Returns what an attempt of a run said, from a line on.
public struct ReadRunLog: Sendable {
    public struct Query: Sendable, Hashable {
        public var run: RunID
        /// Nil: the latest attempt that has started.
        public var attempt: Int?
        /// Only lines with greater numbers.
        public var after: Int
        public var limit: Int

        public init(run: RunID, attempt: Int? = nil, after: Int = 0, limit: Int = 500) {
            self.run = run
            self.attempt = attempt
            self.after = after
            self.limit = limit
        }
    }

    private let store: any SchedulerStore

    public init(store: any SchedulerStore) { self.store = store }

    /// - Throws: `notFound` where there is no such run, or the attempt has not started.
    public func callAsFunction(_ query: Query, tenant: TenantID = .default) async throws -> RunLogPage {
        // The run first: when its attempt has ended, all lines are there, so what is read afterwards is complete.
        guard let run = try await store.runs.find([query.run], tenant: tenant).first else {
            throw SchedulerError(.notFound, "run \(query.run) does not exist")
        }
        let attempt = query.attempt ?? run.attempt
        guard attempt <= run.attempt else {
            throw SchedulerError(.notFound, "attempt \(attempt) of run \(query.run) has not started")
        }
        var page = RunLogPage(
            run: run.id, status: run.status, attempt: attempt, lines: [], hasEnded: run.hasEnded(attempt: attempt))
        if attempt > 0 {
            page.lines = try await store.runLogs.lines(
                LogRead(
                    attempt: RunAttempt(run: run.id, attempt: attempt), tenant: tenant, after: query.after,
                    limit: query.limit))
        }
        page.next = page.lines.last?.number ?? (page.hasEnded ? nil : query.after)
        return page
    }
}

/// A part of a log.
public struct RunLogPage: Sendable, Hashable {
    public var run: RunID
    /// The run's status.
    public var status: TaskRunStatus
    /// 0: none has started.
    public var attempt: Int
    public var lines: [LogLine]
    /// Whether the attempt has ended, so that no line follows those that are in the store.
    public var hasEnded: Bool
    /// After which line to go on reading; nil: there is nothing more to come.
    public var next: Int?
}

extension TaskRun {
    /// Whether nothing of the attempt goes on; where none has started, whether none will.
    fileprivate func hasEnded(attempt number: Int) -> Bool {
        if status.isTerminal { return true }
        guard number > 0 else { return false }
        return number < attempt || settledAttempt >= number || status != .running
    }
}
