import SchedulerDomain
import SchedulerErrors

/// A task's row while its transaction holds it: what firing and enqueueing decide by.
struct LockedTask {
    let id: TaskID
    let tenant: TenantID
    let version: Int
    var status: TaskStatus
    let isDeleted: Bool
    let taskType: String
    let priority: Priority
    let concurrencyKey: String?
    var executionCount: Int64
    let maxExecutions: Int64?
    var nextRunAt: UTCInstant?
    var lastRunAt: UTCInstant?
    let pausedAt: UTCInstant?
    let hasDependents: Bool
    /// The store's time in this transaction.
    let now: UTCInstant

    /// Whether `count` more runs stay within `max_executions`.
    func allows(_ count: Int) -> Bool { maxExecutions.map { executionCount + Int64(count) <= $0 } ?? true }

    /// The run as it is inserted.
    func run(_ new: NewRun) -> TaskRun {
        let scheduledAt = new.scheduledAt ?? now
        return TaskRun(
            id: new.id, tenant: tenant, task: id, taskVersion: version, taskType: taskType,
            priority: new.overrides.priority ?? priority, concurrencyKey: concurrencyKey, overrides: new.overrides,
            trigger: new.trigger, triggeredBy: new.triggeredBy, scheduledAt: scheduledAt,
            dueAt: new.due(now: now), workflow: new.workflow ?? (hasDependents ? new.id : nil),
            traceContext: new.traceContext, createdAt: now, updatedAt: now)
    }
}

private enum TaskLockSQL {
    /// NO KEY, since nothing that references a task is hindered by a count.
    static let lock = PostgresStatement.write("tasks.lock", "\(locked) FOR NO KEY UPDATE OF task")

    static let lockFree = PostgresStatement.write(
        "tasks.lockFree", "\(locked) FOR NO KEY UPDATE OF task SKIP LOCKED")

    private static let locked = """
        SELECT id, tenant_id, version, status, deleted_at IS NOT NULL, task_type, priority, concurrency_key,
               execution_count, max_executions, next_run_at, last_run_at, paused_at,
               EXISTS (SELECT FROM task_dependencies WHERE upstream_id = task.id), coalesce($2, now())
        FROM tasks AS task WHERE id = ANY($1) ORDER BY id
        """
    static let count = PostgresStatement.write(
        "tasks.count",
        """
        UPDATE tasks SET execution_count = execution_count + counted.runs,
               last_run_at = greatest(last_run_at, counted.latest)
        FROM unnest($1, $2, $3) AS counted (id, runs, latest)
        WHERE tasks.id = counted.id
        """)

    static let insertRuns = PostgresStatement.write(
        "runs.insert",
        """
        INSERT INTO run_live (id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides,
                              status, trigger_type, triggered_by, scheduled_at, due_at, trace_context, workflow_id,
                              created_at, updated_at)
        SELECT id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides,
               'pending', trigger_type, triggered_by, scheduled_at, due_at, trace_context, workflow_id, $15, $15
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             AS run (id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides,
                     trigger_type, triggered_by, scheduled_at, due_at, trace_context, workflow_id)
        ON CONFLICT (id) DO NOTHING
        """)
}

extension PostgresSession {
    /// Locks tasks in the order of their ids, which every transaction does first; absent ones are missing.
    func lockTasks(_ ids: some Sequence<TaskID>, now: PostgresParameter) throws -> [TaskID: LockedTask] {
        try lockTasks(ids, TaskLockSQL.lock, now: now)
    }

    /// As `lockTasks`, but leaves out the tasks that another transaction holds, and waits for none.
    func lockFreeTasks(_ ids: some Sequence<TaskID>, now: PostgresParameter) throws -> [TaskID: LockedTask] {
        try lockTasks(ids, TaskLockSQL.lockFree, now: now)
    }

    private func lockTasks(
        _ ids: some Sequence<TaskID>, _ statement: PostgresStatement, now: PostgresParameter
    ) throws -> [TaskID: LockedTask] {
        let ids = Set(ids).sorted().map(\.rawValue)
        let rows = try execute(statement, [.int8s(ids), now]).map { row in
            LockedTask(
                id: TaskID(try row.int64()), tenant: TenantID(try row.text()), version: try row.int(),
                status: try row.value(), isDeleted: try row.bool(), taskType: try row.text(),
                priority: try row.priority(), concurrencyKey: row.optionalText(), executionCount: try row.int64(),
                maxExecutions: try row.optionalInt64(), nextRunAt: try row.optionalInstant(),
                lastRunAt: try row.optionalInstant(), pausedAt: try row.optionalInstant(),
                hasDependents: try row.bool(), now: try row.instant())
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }

    /// Counts runs that were inserted.
    func count(_ runs: [TaskRun]) throws {
        guard !runs.isEmpty else { return }
        let byTask = Dictionary(grouping: runs, by: \.task).sorted { $0.key < $1.key }
        try execute(
            TaskLockSQL.count,
            [
                .int8s(byTask.map(\.key.rawValue)), .int8s(byTask.map { Int64($0.value.count) }),
                // A run that is planned ahead is none that the task has had.
                .instants(byTask.map { $0.value.map { min($0.scheduledAt, $0.createdAt) }.max() }),
            ])
    }

    /// Inserts pending runs, all made at the same time.
    ///
    /// - Throws: `transactionConflict` where another transaction inserted one of the ids meanwhile; looked at again,
    ///   it is there.
    func insert(_ runs: [TaskRun]) throws {
        guard let first = runs.first else { return }
        let inserted = try execute(
            TaskLockSQL.insertRuns,
            [
                .uuids(runs.map(\.id.bits)), .texts(runs.map(\.tenant.rawValue)), .int8s(runs.map(\.task.rawValue)),
                .int4s(runs.map(\.taskVersion)), .texts(runs.map(\.taskType)), .int4s(runs.map(\.priority.level)),
                .texts(runs.map(\.concurrencyKey)), .jsonbTexts(try runs.map { try PostgresJSON.encode($0.overrides) }),
                .texts(runs.map(\.trigger.rawValue)), .texts(runs.map(\.triggeredBy)),
                .instants(runs.map(\.scheduledAt)),
                .instants(runs.map(\.dueAt)), .texts(runs.map(\.traceContext)),
                .uuids(runs.map { $0.workflow?.bits }), .instant(first.createdAt),
            ])
        guard inserted.affected == runs.count else {
            throw SchedulerError(.transactionConflict, "a run with the same id was created at the same time")
        }
    }
}
