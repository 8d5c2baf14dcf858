public import SchedulerDomain

/// Locks in `scheduler_locks`, by the store's clock.
public struct PostgreSQLDistributedLock: DistributedLock {
    let context: PostgresContext

    public func acquire(_ key: String, owner: String, timeToLive: Duration) async throws -> LockLease? {
        let now = context.now
        return try await context.pool.withSession("acquire a lock") { session in
            try session.execute(LockSQL.acquire, [.text(key), .text(owner), .int8(timeToLive.microseconds), now])
                .first { LockLease(key: key, owner: owner, token: try $0.int64()) }
        }
    }

    public func extend(_ lease: LockLease, timeToLive: Duration) async throws -> Bool {
        let now = context.now
        return try await context.pool.withSession("extend a lock") { session in
            try session.execute(
                LockSQL.extend,
                [
                    .text(lease.key), .text(lease.owner), .int8(lease.token), .int8(timeToLive.microseconds), now,
                ]
            ).affected == 1
        }
    }

    public func release(_ lease: LockLease) async throws {
        let now = context.now
        try await context.pool.withSession("release a lock") { session in
            _ = try session.execute(LockSQL.release, [.text(lease.key), .text(lease.owner), .int8(lease.token), now])
        }
    }
}

/// Its statements, named after its methods.
private enum LockSQL {
    /// The row of a released lock stays, because its token must go on rising.
    static let acquire = PostgresStatement.write(
        "locks.acquire",
        """
        INSERT INTO scheduler_locks AS held (lock_key, locked_by, locked_at, expires_at, token)
        VALUES ($1, $2, coalesce($4, now()), coalesce($4, now()) + $3 * interval '1 microsecond', 1)
        ON CONFLICT (lock_key) DO UPDATE
        SET locked_by = excluded.locked_by, locked_at = excluded.locked_at, expires_at = excluded.expires_at,
            token = held.token + 1
        WHERE held.expires_at <= coalesce($4, now()) OR held.locked_by IS NULL OR held.locked_by = excluded.locked_by
        RETURNING token
        """)

    static let extend = PostgresStatement.write(
        "locks.extend",
        """
        UPDATE scheduler_locks SET expires_at = coalesce($5, now()) + $4 * interval '1 microsecond'
        WHERE lock_key = $1 AND locked_by = $2 AND token = $3
        """)

    static let release = PostgresStatement.write(
        "locks.release",
        """
        UPDATE scheduler_locks SET locked_by = NULL, expires_at = coalesce($4, now())
        WHERE lock_key = $1 AND locked_by = $2 AND token = $3
        """)
}
