import SchedulerDomain

/// The outcomes that a worker keeps, each until the store is known to have it.
struct KeptOutcomes {
    private enum State {
        /// Its report is under way.
        case reporting
        /// The broker has it since then.
        case published(since: ContinuousClock.Instant)
        /// Its report failed then.
        case failed(since: ContinuousClock.Instant)
    }

    private struct Entry {
        var outcome: RunOutcome
        var state: State
        var bytes: Int
    }

    private var entries: [RunAttempt: Entry] = [:]
    /// Published since the last look-up.
    ///
    /// May name what is settled by now.
    private var unseen: [RunAttempt] = []
    /// About how much memory the results take.
    private(set) var bytes = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    mutating func keep(_ outcome: RunOutcome) {
        let size = outcome.heldBytes
        bytes += size - (entries[outcome.attempt]?.bytes ?? 0)
        entries[outcome.attempt] = Entry(outcome: outcome, state: .reporting, bytes: size)
    }

    mutating func markPublished(_ attempt: RunAttempt, at now: ContinuousClock.Instant) {
        guard entries[attempt] != nil else { return }
        entries[attempt]?.state = .published(since: now)
        unseen.append(attempt)
    }

    mutating func markFailed(_ attempt: RunAttempt, at now: ContinuousClock.Instant) {
        entries[attempt]?.state = .failed(since: now)
    }

    mutating func remove(_ attempts: some Sequence<RunAttempt>) {
        for attempt in attempts {
            if let entry = entries.removeValue(forKey: attempt) { bytes -= entry.bytes }
        }
    }

    /// How many were published and not looked up since.
    var unseenCount: Int { unseen.count }

    /// Returns what was published and not looked up since; cheap, so it can follow a fast worker.
    mutating func takeUnseen() -> [RunAttempt] {
        defer { unseen.removeAll(keepingCapacity: true) }
        return unseen.filter { entries[$0] != nil }
    }

    /// Returns all that the store may have settled by now.
    mutating func takePublished() -> [RunAttempt] {
        unseen.removeAll(keepingCapacity: true)
        return entries.compactMap { attempt, entry in
            if case .published = entry.state { attempt } else { nil }
        }
    }

    /// Returns what is to be reported again, and marks it as being reported.
    ///
    /// - Parameters:
    ///   - resend: for how long the broker may have an outcome before the store has it.
    ///   - retry: how long after a failed report.
    mutating func takeOverdue(
        at now: ContinuousClock.Instant, resend: Duration, retry: Duration
    ) -> [RunOutcome] {
        let overdue = entries.values.filter { entry in
            switch entry.state {
            case .reporting: false
            case .published(let since): since + resend <= now
            case .failed(let since): since + retry <= now
            }
        }
        for entry in overdue { entries[entry.outcome.attempt]?.state = .reporting }
        return overdue.map(\.outcome)
    }
}

extension RunOutcome {
    /// About how much memory it takes: results of processes and calls are objects with long texts.
    fileprivate var heldBytes: Int {
        var bytes = 300 + (errorMessage?.utf8.count ?? 0) + (errorStack?.utf8.count ?? 0)
        switch result {
        case .string(let text): bytes += text.utf8.count
        case .object(let members):
            for value in members.values { bytes += value.string?.utf8.count ?? 64 }
        default: break
        }
        return bytes
    }
}
