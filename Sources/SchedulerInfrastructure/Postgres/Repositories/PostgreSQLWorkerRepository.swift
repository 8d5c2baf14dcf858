public import SchedulerDomain
import SchedulerErrors

/// Workers in PostgreSQL.
public struct PostgreSQLWorkerRepository: WorkerRepository {
    let context: PostgresContext
    /// Sessions of their own for beats, which must not wait behind work.
    let beats: PostgresPool

    public func register(_ worker: WorkerInfo) async throws {
        let now = context.now
        try await context.pool.withSession("register a worker") { session in
            let rows = try session.execute(
                WorkerSQL.register,
                [
                    .uuid(worker.id.bits), .text(worker.name), .text(worker.hostname), .text(worker.ipAddress),
                    .int4(worker.port), .texts(worker.taskTypes), .int4(worker.maxConcurrentTasks),
                    .int4(worker.currentTaskCount), .text(worker.status.rawValue), .text(worker.version),
                    .jsonb(PostgresJSON.encode(worker.labels)), now, .optionalTexts(worker.executors),
                ])
            guard !rows.isEmpty else { throw SchedulerError.workerLost(worker.id) }
        }
    }

    public func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        let now = context.now
        return try await beats.withSession("beat") { session in
            let rows = try session.execute(
                WorkerSQL.beat,
                [
                    .uuid(heartbeat.worker.bits), .text(heartbeat.status.rawValue), .int4(heartbeat.currentTaskCount),
                    .uuids(heartbeat.held.map(\.run.bits)), .int4s(heartbeat.held.map(\.attempt)), now,
                    .optionalTexts(heartbeat.executors),
                ])
            guard !rows.isEmpty else { throw SchedulerError.workerLost(heartbeat.worker) }
            var answer = HeartbeatAnswer()
            let told = try rows.map { row -> RunAttempt? in
                answer.drainRequested = try row.bool()
                guard let id = try row.optionalUUID() else { return nil }
                return RunAttempt(run: RunID(bits: id), attempt: try row.int())
            }
            answer.cancelRequested = told.compactMap { $0 }
            return answer
        }
    }

    public func requestDrain(of worker: WorkerID) async throws -> WorkerInfo? {
        let now = context.now
        return try await context.pool.transaction("request a drain") { session in
            try session.execute(WorkerSQL.requestDrain, [.uuid(worker.bits), now])
            return try session.worker(worker)
        }
    }

    public func leave(_ worker: WorkerID) async throws {
        let now = context.now
        try await context.pool.withSession("leave") { session in
            _ = try session.execute(WorkerSQL.leave, [.uuid(worker.bits), now])
        }
    }

    public func find(_ worker: WorkerID) async throws -> WorkerInfo? {
        try await context.pool.withSession("find a worker") { try $0.worker(worker) }
    }

    public func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        try await context.pool.withSession("list workers") { session in
            try session.execute(WorkerSQL.list, [.bool(includingOffline), .int8(Int64(limit))]).map { try $0.worker() }
        }
    }
}

extension PostgresSession {
    fileprivate func worker(_ id: WorkerID) throws -> WorkerInfo? {
        try execute(WorkerSQL.find, [.uuid(id.bits)]).first { try $0.worker() }
    }
}

extension PostgresRowReader {
    fileprivate mutating func worker() throws -> WorkerInfo {
        var worker = WorkerInfo(
            id: WorkerID(bits: try uuid()), name: try text(), hostname: try text(), ipAddress: optionalText(),
            port: try optionalInt(), taskTypes: try texts(), maxConcurrentTasks: try int(),
            currentTaskCount: try int(), status: try value(), lastHeartbeat: try instant(),
            heartbeatSequence: try int64(), registeredAt: try instant(), drainRequestedAt: try optionalInstant(),
            version: try text(), labels: try PostgresJSON.decode([String: String].self, try optionalJSONText() ?? "{}"))
        worker.executors = try optionalTexts()
        return worker
    }
}

/// Its statements, named after its methods.
private enum WorkerSQL {
    private static let columns = """
        id, name, hostname, ip_address, port, task_types, max_concurrent_tasks, current_task_count, status,
               last_heartbeat, heartbeat_seq, registered_at, drain_requested_at, version, labels, executors
        """

    /// Offline is final: such a row is not renewed, and nothing is returned.
    static let register = PostgresStatement.write(
        "workers.register",
        """
        INSERT INTO workers AS worker (id, name, hostname, ip_address, port, task_types, max_concurrent_tasks,
                                       current_task_count, status, version, labels, last_heartbeat, registered_at,
                                       executors)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12, now()), coalesce($12, now()), $13)
        ON CONFLICT (id) DO UPDATE
        SET name = excluded.name, hostname = excluded.hostname, ip_address = excluded.ip_address,
            port = excluded.port, task_types = excluded.task_types,
            max_concurrent_tasks = excluded.max_concurrent_tasks,
            current_task_count = excluded.current_task_count, status = excluded.status, version = excluded.version,
            labels = excluded.labels, executors = excluded.executors, last_heartbeat = excluded.last_heartbeat,
            heartbeat_seq = worker.heartbeat_seq + 1
        WHERE worker.status <> 'offline'
        RETURNING id
        """)

    static let beat = PostgresStatement.write(
        "workers.beat",
        """
        WITH beat AS (
            UPDATE workers SET status = $2, current_task_count = $3, last_heartbeat = coalesce($6, now()),
                   heartbeat_seq = heartbeat_seq + 1, executors = coalesce($7, executors),
                   held_runs = $4, held_attempts = $5
            WHERE id = $1 AND status <> 'offline'
            RETURNING drain_requested_at
        )
        SELECT beat.drain_requested_at IS NOT NULL, run.id, run.attempt FROM beat LEFT JOIN (
            run_live AS run JOIN unnest($4, $5) AS held (id, attempt) ON run.id = held.id AND run.attempt = held.attempt
        ) ON run.status = 'running' AND run.worker_id = $1 AND run.cancel_requested_at IS NOT NULL
        """)

    static let requestDrain = PostgresStatement.write(
        "workers.requestDrain",
        """
        UPDATE workers SET drain_requested_at = coalesce(drain_requested_at, $2, now())
        WHERE id = $1 AND status <> 'offline'
        """)

    static let find = PostgresStatement.read("workers.find", "SELECT \(columns) FROM workers WHERE id = $1")

    static let leave = PostgresStatement.write(
        "workers.leave",
        """
        UPDATE workers SET status = 'offline', current_task_count = 0, last_heartbeat = coalesce($2, now())
        WHERE id = $1 AND status <> 'offline'
        """)

    static let list = PostgresStatement.read(
        "workers.list",
        """
        SELECT \(columns)
        FROM workers WHERE $1 OR status <> 'offline'
        ORDER BY registered_at DESC, id DESC LIMIT $2
        """)
}
