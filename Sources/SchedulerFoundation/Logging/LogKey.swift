/// The names of log fields; `docs/observability.md` lists them.
public enum LogKey {
    public static let attempt = "attempt.number"
    public static let address = "address"
    public static let count = "count"
    public static let duration = "duration_ms"
    public static let error = "error"
    public static let errorCode = "error.code"
    public static let leaderToken = "leader.token"
    public static let queue = "queue.name"
    public static let runID = "run.id"
    public static let statement = "sql.statement"
    public static let taskID = "task.id"
    public static let tenantID = "tenant.id"
    public static let workerID = "worker.id"
}
