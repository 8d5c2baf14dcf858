public import SchedulerDomain

/// Workers in SQLite.
public final class SQLiteWorkerRepository: WorkerRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func register(_ worker: WorkerInfo) async throws {
        try await database.write("register") { transaction in
            if try transaction.worker(worker.id) != nil { try transaction.checkAlive(worker.id) }
            try transaction.execute(
                SQLiteWorkerSQL.register, worker.id.blob, worker.name, worker.hostname, worker.ipAddress, worker.port,
                try SQLiteValue.json(worker.taskTypes), worker.maxConcurrentTasks, worker.currentTaskCount,
                worker.status.rawValue, transaction.now.column, transaction.now.column, worker.version,
                try SQLiteValue.json(worker.labels), try worker.executors.map(SQLiteValue.json))
        }
    }

    public func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        try await database.write("beat") { transaction in
            try transaction.checkAlive(heartbeat.worker)
            try transaction.execute(
                SQLiteWorkerSQL.beat, heartbeat.status.rawValue, heartbeat.currentTaskCount, transaction.now.column,
                try heartbeat.executors.map(SQLiteValue.json),
                try SQLiteValue.json(heartbeat.held.map(\.description)), heartbeat.worker.blob)
            let cancelled = try transaction.cancelRequested()
            return HeartbeatAnswer(
                cancelRequested: heartbeat.held.filter(cancelled.contains),
                drainRequested: try transaction.worker(heartbeat.worker)?.drainRequestedAt != nil)
        }
    }

    public func requestDrain(of worker: WorkerID) async throws -> WorkerInfo? {
        try await database.write("requestDrain") { transaction in
            try transaction.execute(SQLiteWorkerSQL.requestDrain, transaction.now.column, worker.blob)
            return try transaction.worker(worker)
        }
    }

    public func leave(_ worker: WorkerID) async throws {
        try await database.write("leave") { try $0.execute(SQLiteWorkerSQL.leave, worker.blob) }
    }

    public func find(_ worker: WorkerID) async throws -> WorkerInfo? {
        try await database.read("find") { try $0.worker(worker) }
    }

    public func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        try await database.read("list") { transaction in
            try transaction.rows(SQLiteWorkerSQL.list, includingOffline, limit) { try $0.worker() }
        }
    }
}

/// The statements of `SQLiteWorkerRepository`, named after its methods.
private enum SQLiteWorkerSQL {
    private static let columns = """
        id, name, hostname, ip_address, port, task_types, max_concurrent_tasks, current_task_count, status,
            last_heartbeat, heartbeat_seq, registered_at, drain_requested_at, version, labels, executors
        """

    static let find = "SELECT \(columns) FROM workers WHERE id = ?"

    static let register = """
        INSERT INTO workers (id, name, hostname, ip_address, port, task_types, max_concurrent_tasks, current_task_count,
            status, last_heartbeat, registered_at, version, labels, executors)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, hostname = excluded.hostname,
            ip_address = excluded.ip_address, port = excluded.port, task_types = excluded.task_types,
            max_concurrent_tasks = excluded.max_concurrent_tasks, current_task_count = excluded.current_task_count,
            status = excluded.status, last_heartbeat = excluded.last_heartbeat, heartbeat_seq = heartbeat_seq + 1,
            version = excluded.version, labels = excluded.labels, executors = excluded.executors
        """

    static let beat = """
        UPDATE workers SET status = ?, current_task_count = ?, last_heartbeat = ?, heartbeat_seq = heartbeat_seq + 1,
            executors = coalesce(?, executors), held = ?
        WHERE id = ?
        """

    static let cancelRequested = """
        SELECT id, attempt FROM run_live WHERE dispatched_at IS NOT NULL AND cancel_requested_at IS NOT NULL
        """

    static let requestDrain = """
        UPDATE workers SET drain_requested_at = coalesce(drain_requested_at, ?) WHERE id = ? AND status <> 'offline'
        """

    static let leave = "UPDATE workers SET status = 'offline' WHERE id = ?"

    static let list = """
        SELECT \(columns)
        FROM workers WHERE ? OR status <> 'offline' ORDER BY registered_at DESC, id DESC LIMIT ?
        """
}

extension SQLiteTransaction {
    fileprivate func worker(_ id: WorkerID) throws -> WorkerInfo? {
        try row(SQLiteWorkerSQL.find, id.blob) { try $0.worker() }
    }

    /// What is under way and to be cancelled: few, also where a worker holds many.
    fileprivate func cancelRequested() throws -> Set<RunAttempt> {
        Set(
            try rows(SQLiteWorkerSQL.cancelRequested) { reader in
                RunAttempt(run: try reader.runID(), attempt: try reader.int())
            })
    }
}

extension SQLiteRowReader {
    fileprivate mutating func worker() throws -> WorkerInfo {
        var worker = WorkerInfo(
            id: try workerID(), name: try text(), hostname: try text(), ipAddress: optionalText(), port: optionalInt(),
            taskTypes: try value([String].self), maxConcurrentTasks: try int(), currentTaskCount: try int(),
            status: try word(), lastHeartbeat: try instant(), heartbeatSequence: try integer(),
            registeredAt: try instant(), drainRequestedAt: optionalInstant(), version: try text(),
            labels: try value([String: String].self))
        worker.executors = try optionalValue([String].self)
        return worker
    }
}
