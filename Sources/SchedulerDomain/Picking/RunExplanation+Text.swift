extension RunExplanation.Reason {
    /// The word that programs go by.
    public var code: String {
        switch self {
        case .notDue: "not_due"
        case .jitter: "jitter"
        case .throttled: "throttled"
        case .backoff: "backoff"
        case .paused: "paused"
        case .taskLimit: "task_limit"
        case .keyLimit: "key_limit"
        case .tenantLimit: "tenant_limit"
        case .noWorker: "no_worker"
        case .noExecutor: "no_executor"
        case .noAbleSlot: "no_able_slot"
        case .isolation: "isolation"
        case .noSlot: "no_slot"
        case .turn: "turn"
        case .tenantShare: "tenant_share"
        case .limitAhead: "limit_ahead"
        case .ready: "ready"
        case .dispatched: "dispatched"
        case .running: "running"
        case .ended(let status, _, _): status.rawValue
        }
    }

    /// The sentence that people read.
    public var message: String {
        switch self {
        case .notDue(let time): "it is due at \(time)"
        case .jitter(let time): "its start is spread by jitter_seconds, until \(time)"
        case .throttled(let time): "its backfill is throttled: its runs fall due one after another, this one at \(time)"
        case .backoff(let time, let failures): "backoff until \(time) after \(failures) failed attempts"
        case .paused: "its task is paused; resume the task, or trigger a run by hand"
        case .taskLimit(let used, let limit, _): "limit \(used)/\(limit): its task's max_concurrent is used up"
        case .keyLimit(let key, let used, let limit, _):
            "limit \(used)/\(limit): runs with the concurrency_key \"\(key)\" use up max_concurrent"
        case .tenantLimit(let used, let limit): "limit \(used)/\(limit): its tenant's max_concurrent is used up"
        case .noWorker(let type, 0): "no live worker takes type \(type)"
        case .noWorker(let type, let draining):
            "no live worker takes type \(type): all \(draining) of them are draining or not ready"
        case .noExecutor(let executor, let type):
            "no live worker has the executor \"\(executor)\"; the workers of type \(type) have others"
        case .noAbleSlot(let executor, let type, let slots):
            "all \(slots) slots of the workers of type \(type) that have the executor \"\(executor)\" are in use"
        case .isolation(let crashes):
            "\(crashes) workers were lost while they ran it; it waits for a worker that has no other such run"
        case .noSlot(let type, let slots): "all \(slots) slots of the workers of type \(type) are in use"
        case .turn(let runs, let isAtLeast):
            "\(isAtLeast ? "at least " : "")\(runs) runs start before it: earlier ones, or of priorities in turn"
        case .tenantShare(let runs, let tenants):
            "\(runs) runs of \(tenants) other tenants start before it, since tenants take turns"
        case .limitAhead(let scope, let limit, _):
            "runs that start before it use up \(scope.told) of \(limit); it waits for one of them to end"
        case .ready: "nothing holds it; the next pick takes it"
        case .dispatched(let since, let until):
            "it was offered to the workers at \(since); unclaimed, it is taken back after \(until)"
        case .running(let worker, let since, let attempt, let cancelled):
            RunExplanation.Reason.running(
                worker, since, attempt, cancelled)
        case .ended(let status, let time, let message):
            "it ended as \(status.rawValue)\(time.map { " at \($0)" } ?? "")\(message.map { ": \($0)" } ?? "")"
        }
    }

    private static func running(
        _ worker: WorkerID?, _ since: UTCInstant?, _ attempt: Int, _ cancelRequestedAt: UTCInstant?
    ) -> String {
        let place = worker.map { " on worker \($0)" } ?? ""
        let time = since.map { " since \($0)" } ?? ""
        let cancel = cancelRequestedAt.map { "; its cancellation was asked for at \($0)" } ?? ""
        return "attempt \(attempt) runs\(place)\(time)\(cancel)"
    }
}

extension RunExplanation.LimitScope {
    fileprivate var told: String {
        switch self {
        case .task: "the max_concurrent of its task"
        case .key: "the max_concurrent of its concurrency_key"
        case .tenant: "the max_concurrent of its tenant"
        }
    }
}
