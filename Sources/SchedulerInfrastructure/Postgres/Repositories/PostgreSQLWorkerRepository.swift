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
                    .jsonb(PostgresJSON.encode(worker.labels)), now,
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
                ])
            guard !rows.isEmpty else { throw SchedulerError.workerLost(heartbeat.worker) }
            return HeartbeatAnswer(
                cancelRequested: try rows.map { row -> RunAttempt? in
                    guard let id = try row.optionalUUID() else { return nil }
                    return RunAttempt(run: RunID(bits: id), attempt: try row.int())
                }.compactMap { $0 })
        }
    }

    public func leave(_ worker: WorkerID) async throws {
        let now = context.now
        try await context.pool.withSession("leave") { session in
            _ = try session.execute(WorkerSQL.leave, [.uuid(worker.bits), now])
        }
    }

    public func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        try await context.pool.withSession("list workers") { session in
            try session.execute(WorkerSQL.list, [.bool(includingOffline), .int8(Int64(limit))]).map { row in
                WorkerInfo(
                    id: WorkerID(bits: try row.uuid()), name: try row.text(), hostname: try row.text(),
                    ipAddress: row.optionalText(), port: try row.optionalInt(), taskTypes: try row.texts(),
                    maxConcurrentTasks: try row.int(), currentTaskCount: try row.int(), status: try row.value(),
                    lastHeartbeat: try row.instant(), heartbeatSequence: try row.int64(),
                    registeredAt: try row.instant(), version: try row.text(),
                    labels: try PostgresJSON.decode([String: String].self, try row.optionalJSONText() ?? "{}"))
            }
        }
    }
}

/// Its statements, named after its methods.
private enum WorkerSQL {
    /// Offline is final: such a row is not renewed, and nothing is returned.
    static let register = PostgresStatement.write(
        "workers.register",
        """
        INSERT INTO workers AS worker (id, name, hostname, ip_address, port, task_types, max_concurrent_tasks,
                                       current_task_count, status, version, labels, last_heartbeat, registered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12, now()), coalesce($12, now()))
        ON CONFLICT (id) DO UPDATE
        SET name = excluded.name, hostname = excluded.hostname, ip_address = excluded.ip_address,
            port = excluded.port, task_types = excluded.task_types,
            max_concurrent_tasks = excluded.max_concurrent_tasks,
            current_task_count = excluded.current_task_count, status = excluded.status, version = excluded.version,
            labels = excluded.labels, last_heartbeat = excluded.last_heartbeat,
            heartbeat_seq = worker.heartbeat_seq + 1
        WHERE worker.status <> 'offline'
        RETURNING id
        """)

    static let beat = PostgresStatement.write(
        "workers.beat",
        """
        WITH beat AS (
            UPDATE workers SET status = $2, current_task_count = $3, last_heartbeat = coalesce($6, now()),
                   heartbeat_seq = heartbeat_seq + 1
            WHERE id = $1 AND status <> 'offline'
            RETURNING id
        )
        SELECT run.id, run.attempt FROM beat LEFT JOIN (
            run_live AS run JOIN unnest($4, $5) AS held (id, attempt) ON run.id = held.id AND run.attempt = held.attempt
        ) ON run.status = 'running' AND run.worker_id = $1 AND run.cancel_requested_at IS NOT NULL
        """)

    static let leave = PostgresStatement.write(
        "workers.leave",
        """
        UPDATE workers SET status = 'offline', current_task_count = 0, last_heartbeat = coalesce($2, now())
        WHERE id = $1 AND status <> 'offline'
        """)

    static let list = PostgresStatement.read(
        "workers.list",
        """
        SELECT id, name, hostname, ip_address, port, task_types, max_concurrent_tasks, current_task_count, status,
               last_heartbeat, heartbeat_seq, registered_at, version, labels
        FROM workers WHERE $1 OR status <> 'offline'
        ORDER BY registered_at DESC, id DESC LIMIT $2
        """)
}
