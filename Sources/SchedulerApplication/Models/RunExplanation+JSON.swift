package import SchedulerDomain

extension JSONWriter {
    /// Writes why a run is where it is: each reason with its code, a sentence, and the facts behind it.
    package mutating func value(_ explanation: RunExplanation) {
        object { writer in
            writer.field("run_id", explanation.run.id.description)
            writer.field("task_id", explanation.run.task.rawValue)
            writer.field("workflow_id", explanation.run.workflow?.description)
            writer.field("status", explanation.run.status.rawValue)
            writer.field("priority", explanation.run.priority.rawValue)
            writer.field("effective_priority", explanation.effectivePriority?.rawValue)
            writer.field("due_at", explanation.run.dueAt)
            writer.field("checked_at", explanation.now)
            writer.name("reasons")
            writer.list(explanation.reasons) { $0.value($1) }
        }
    }

    private mutating func value(_ reason: RunExplanation.Reason) {
        object { writer in
            writer.field("code", reason.code)
            writer.field("message", reason.message)
            writer.facts(of: reason)
        }
    }

    private mutating func facts(of reason: RunExplanation.Reason) {
        switch reason {
        case .paused, .ready: break
        case .notDue(let time), .jitter(let time), .throttled(let time): field("until", time)
        case .backoff(let time, let failures):
            field("until", time)
            field("retry_count", failures)
        case .taskLimit(let used, let limit, let runs):
            limits(used, limit)
            field("runs", runs.map(\.description))
        case .keyLimit(let key, let used, let limit, let runs):
            field("concurrency_key", key)
            limits(used, limit)
            field("runs", runs.map(\.description))
        case .tenantLimit(let used, let limit): limits(used, limit)
        case .noWorker(let type, let draining):
            field("task_type", type)
            field("draining_workers", draining)
        case .noExecutor(let executor, let type):
            field("executor", executor)
            field("task_type", type)
        case .noAbleSlot(let executor, let type, let slots):
            field("executor", executor)
            field("task_type", type)
            field("slots", slots)
        case .isolation(let crashes): field("crashes", crashes)
        case .noSlot(let type, let slots):
            field("task_type", type)
            field("slots", slots)
        case .turn(let runs, let isAtLeast):
            field("runs_before", runs)
            field("is_at_least", isAtLeast)
        case .tenantShare(let runs, let tenants):
            field("runs_before", runs)
            field("tenants", tenants)
        case .limitAhead(let scope, let limit, let runs):
            field("limit_of", scope.rawValue)
            field("limit", limit)
            field("runs", runs.map(\.description))
        case .dispatched(let since, let until):
            field("since", since)
            field("until", until)
        case .running(let worker, let since, let attempt, let cancelRequestedAt):
            field("worker_id", worker?.description)
            field("since", since)
            field("attempt", attempt)
            field("cancel_requested_at", cancelRequestedAt)
        case .ended(_, let time, _): field("at", time)
        }
    }

    private mutating func limits(_ used: Int, _ limit: Int) {
        field("used", used)
        field("limit", limit)
    }
}
