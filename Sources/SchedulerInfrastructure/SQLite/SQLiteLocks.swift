public import SchedulerDomain
import SchedulerErrors

/// Locks in SQLite. A released row stays, so that its token only rises.
public final class SQLiteLocks: DistributedLock {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func acquire(_ key: String, owner: String, timeToLive: Duration) async throws -> LockLease? {
        try await database.write("acquire") { transaction in
            let now = transaction.now
            try transaction.execute(
                SQLiteLockSQL.acquire, key, owner, now.column, now.advanced(by: timeToLive).column, owner, now.column)
            guard transaction.changes > 0 else { return nil }
            return try transaction.row(SQLiteLockSQL.token, key) { reader in
                LockLease(key: key, owner: owner, token: try reader.integer())
            }
        }
    }

    public func extend(_ lease: LockLease, timeToLive: Duration) async throws -> Bool {
        try await database.write("extend") { transaction in
            let end = transaction.now.advanced(by: timeToLive)
            try transaction.execute(SQLiteLockSQL.extend, end.column, lease.key, lease.owner, lease.token)
            return transaction.changes > 0
        }
    }

    public func release(_ lease: LockLease) async throws {
        try await database.write("release") { transaction in
            try transaction.execute(SQLiteLockSQL.release, lease.key, lease.owner, lease.token)
        }
    }
}

/// The statements of `SQLiteLocks`, named after its methods.
private enum SQLiteLockSQL {
    static let acquire = """
        INSERT INTO scheduler_locks (lock_key, locked_by, locked_at, expires_at, token) VALUES (?, ?, ?, ?, 1)
        ON CONFLICT (lock_key) DO UPDATE SET locked_by = excluded.locked_by, locked_at = excluded.locked_at,
            expires_at = excluded.expires_at, token = token + 1
        WHERE locked_by IS NULL OR locked_by = ? OR expires_at <= ?
        """

    static let token = "SELECT token FROM scheduler_locks WHERE lock_key = ?"

    static let extend = """
        UPDATE scheduler_locks SET expires_at = ? WHERE lock_key = ? AND locked_by = ? AND token = ?
        """

    static let release = """
        UPDATE scheduler_locks SET locked_by = NULL WHERE lock_key = ? AND locked_by = ? AND token = ?
        """

    static let isHeld = "SELECT 1 FROM scheduler_locks WHERE lock_key = ? AND locked_by = ? AND token = ?"
}

extension SQLiteTransaction {
    /// Refuses a leader whose term is over.
    func check(_ term: LockLease) throws {
        guard try row(SQLiteLockSQL.isHeld, term.key, term.owner, term.token, read: { try $0.int() }) != nil else {
            throw SchedulerError(.lockLost, "another dispatcher leads now", context: ["leader.token": "\(term.token)"])
        }
    }
}
