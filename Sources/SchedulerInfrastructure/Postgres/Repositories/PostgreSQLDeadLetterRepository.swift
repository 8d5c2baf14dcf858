public import SchedulerDomain

/// Dead letters in PostgreSQL.
public struct PostgreSQLDeadLetterRepository: DeadLetterRepository {
    let context: PostgresContext

    public func add(_ letters: [ParkedLetter]) async throws -> Int {
        guard !letters.isEmpty else { return 0 }
        let now = context.now
        return try await context.pool.withSession("keep dead letters") { session in
            try session.execute(
                DeadLetterSQL.add,
                [
                    .texts(letters.map(\.queue)), .texts(letters.map(\.reason)), .texts(letters.map(\.body)),
                    .int4s(letters.map(\.bodyBytes)), .uuids(letters.map(\.digest)), now,
                ]
            ).affected
        }
    }

    public func deadLetters(before: Int64?, limit: Int) async throws -> Page<DeadLetter> {
        try await context.pool.withSession("list dead letters") { session in
            let rows = try session.execute(
                DeadLetterSQL.deadLetters, [.int8(before ?? .max), .int8(Int64(limit) + 1)]
            ).map { row in
                DeadLetter(
                    id: try row.int64(), tenant: row.optionalText().map { TenantID($0) },
                    run: try row.optionalUUID().map(RunID.init), queue: row.optionalText(), reason: try row.text(),
                    body: row.optionalText(), bodyBytes: try row.optionalInt(), createdAt: try row.instant())
            }
            return Page(rows: rows, limit: limit)
        }
    }

    public func countDeadLetters() async throws -> Int {
        try await context.pool.withSession("count dead letters") { session in
            try session.execute(DeadLetterSQL.count).first { try $0.int() } ?? 0
        }
    }

    public func deleteDeadLetters(olderThan age: Duration, keeping most: Int, limit: Int) async throws -> Int {
        let now = context.now
        return try await context.pool.withSession("delete dead letters") { session in
            try session.execute(
                DeadLetterSQL.delete, [now, .int8(age.microseconds), .int8(Int64(most)), .int8(Int64(limit))]
            ).affected
        }
    }
}

/// Its statements, named after its methods.
private enum DeadLetterSQL {
    static let add = PostgresStatement.write(
        "deadLetters.add",
        """
        INSERT INTO dead_letters (queue, reason, body, body_bytes, digest, created_at)
        SELECT dead.*, coalesce($6, now())
        FROM unnest($1, $2, $3, $4, $5) AS dead (queue, reason, body, body_bytes, digest)
        ON CONFLICT (digest) DO NOTHING
        """)

    static let deadLetters = PostgresStatement.read(
        "deadLetters.deadLetters",
        """
        SELECT id, tenant_id, run_id, queue, reason, body, body_bytes, created_at
        FROM dead_letters WHERE id < $1 ORDER BY id DESC LIMIT $2
        """)

    static let count = PostgresStatement.read("deadLetters.count", "SELECT count(*) FROM dead_letters")

    static let delete = PostgresStatement.write(
        "deadLetters.delete",
        """
        WITH old AS MATERIALIZED (
            SELECT id FROM dead_letters
            WHERE created_at < coalesce($1, now()) - $2 * interval '1 microsecond'
                  OR id <= (SELECT id FROM dead_letters ORDER BY id DESC OFFSET $3 LIMIT 1)
            ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
        )
        DELETE FROM dead_letters AS letter USING old WHERE letter.id = old.id
        """)
}
