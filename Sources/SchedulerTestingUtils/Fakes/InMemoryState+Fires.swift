import SchedulerDomain

/// The ledger and what the overlap policy looks at and does.
extension InMemoryState {
    /// Writes a skipped series, where it may into the task's latest line.
    mutating func record(_ skip: SkippedFires, of task: TaskDefinition, mayContinue: Bool, now: UTCInstant) {
        func line(_ skip: SkippedFires) -> FireRecord {
            FireRecord(
                task: task.id, version: task.version, scheduledAt: skip.first,
                lastScheduledAt: skip.last == skip.first ? nil : skip.last, skipped: skip.reason, decidedAt: now)
        }
        var lines = fires[task.id, default: []]
        let latest = lines.indices.max { lines[$0].scheduledAt < lines[$1].scheduledAt }
        if mayContinue, let latest, lines[latest].isContinued(by: skip, version: task.version) {
            lines[latest].lastScheduledAt = skip.last
            lines[latest].decidedAt = now
        } else if let index = lines.firstIndex(where: { $0.scheduledAt == skip.first }) {
            let end = lines[index].lastScheduledAt ?? skip.first
            if end >= skip.last { return }
            if lines[index].skipped == skip.reason, lines[index].version == task.version {
                lines[index].lastScheduledAt = skip.last
                lines[index].decidedAt = now
            } else {
                let first = end.advanced(by: .microseconds(1))
                lines.append(line(SkippedFires(first: first, last: skip.last, reason: skip.reason)))
            }
        } else {
            lines.append(line(skip))
        }
        fires[task.id] = lines
    }

    /// The live runs of the task that count against its overlap policy.
    func load(of task: TaskID) -> TaskLoad {
        let waiting = live.values.count { $0.task == task && $0.status == .pending && $0.trigger == .scheduled }
        let active = live.values.count { run in
            guard run.task == task, run.status != .pending else { return false }
            return run.status == .dispatched || run.worker.map { workers[$0]?.status != .offline } ?? true
        }
        return TaskLoad(waiting: min(100, waiting), active: active)
    }

    /// Cancels the oldest live runs of a task beyond those that stay.
    mutating func displace(allBut kept: Int, of task: TaskID, reason: String, now: UTCInstant) {
        let candidates = live.values
            .filter { $0.task == task && ($0.status != .pending || $0.trigger == .scheduled) }
            .sorted { ($0.scheduledAt, $0.id) > ($1.scheduledAt, $1.id) }
        for run in candidates.dropFirst(kept) { _ = cancel(run, reason: reason, now: now) }
    }

    /// Ends a run that has not started, asks a running one to end.
    mutating func cancel(_ run: TaskRun, reason: String, now: UTCInstant) -> CancelResult {
        var run = run
        run.cancelRequestedAt = run.cancelRequestedAt ?? now
        if run.status == .running {
            live[run.id]?.cancelRequestedAt = run.cancelRequestedAt
            return .requested(on: run.worker)
        }
        run.errorMessage = reason
        end(run, as: .cancelled, at: now, now: now)
        return .ended
    }
}
