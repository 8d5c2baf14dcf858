public import SchedulerDomain

/// Dead letters in SQLite.
public final class SQLiteDeadLetterRepository: DeadLetterRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func add(_ letters: [ParkedLetter]) async throws -> Int {
        guard !letters.isEmpty else { return 0 }
        return try await database.write("add") { transaction in
            var added = 0
            for letter in letters {
                try transaction.execute(
                    SQLiteDeadLetterSQL.add, letter.queue, letter.reason, letter.body, letter.bodyBytes,
                    SQLiteValue.blob(letter.digest), transaction.now.column)
                added += transaction.changes
            }
            return added
        }
    }

    public func deadLetters(before: Int64?, limit: Int) async throws -> Page<DeadLetter> {
        try await database.read("deadLetters") { transaction in
            let rows = try transaction.rows(SQLiteDeadLetterSQL.deadLetters, before ?? .max, limit + 1) { reader in
                DeadLetter(
                    id: try reader.integer(), tenant: reader.optionalText().map { TenantID($0) },
                    run: try reader.optionalRunID(), queue: reader.optionalText(), reason: try reader.text(),
                    body: reader.optionalText(), bodyBytes: reader.optionalInt(), createdAt: try reader.instant())
            }
            return Page(rows: rows, limit: limit)
        }
    }

    public func countDeadLetters() async throws -> Int {
        try await database.read("countDeadLetters") { transaction in
            try transaction.row(SQLiteDeadLetterSQL.count) { try $0.int() } ?? 0
        }
    }

    public func deleteDeadLetters(olderThan age: Duration, keeping most: Int, limit: Int) async throws -> Int {
        try await database.write("deleteDeadLetters") { transaction in
            let cutoff = transaction.now.advanced(by: .zero - age)
            try transaction.execute(SQLiteDeadLetterSQL.delete, cutoff.column, most, limit)
            return transaction.changes
        }
    }
}

/// Its statements, named after its methods.
private enum SQLiteDeadLetterSQL {
    static let add = """
        INSERT INTO dead_letters (queue, reason, body, body_bytes, digest, created_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (digest) DO NOTHING
        """

    static let deadLetters = """
        SELECT id, tenant_id, run_id, queue, reason, body, body_bytes, created_at
        FROM dead_letters WHERE id < ? ORDER BY id DESC LIMIT ?
        """

    static let count = "SELECT count(*) FROM dead_letters"

    static let delete = """
        DELETE FROM dead_letters WHERE id IN (
            SELECT id FROM dead_letters
            WHERE created_at < ?1 OR id <= (SELECT id FROM dead_letters ORDER BY id DESC LIMIT 1 OFFSET ?2)
            ORDER BY id LIMIT ?3)
        """
}
