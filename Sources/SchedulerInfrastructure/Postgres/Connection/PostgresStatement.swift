/// A statement with the name by which it is prepared, once per session.
struct PostgresStatement: Sendable {
    /// `<repository>.<method>`, unique in the program; nil for text that is assembled and therefore not prepared.
    let name: String?
    let sql: String
    /// Whether it may change something, so that its outcome is unknown when the connection is lost.
    let writes: Bool

    static func read(_ name: String, _ sql: String) -> PostgresStatement {
        PostgresStatement(name: name, sql: sql, writes: false)
    }

    static func write(_ name: String, _ sql: String) -> PostgresStatement {
        PostgresStatement(name: name, sql: sql, writes: true)
    }

    /// A list whose conditions vary; `TaskQueryBuilder` wrote its text.
    static func list(_ sql: String) -> PostgresStatement { PostgresStatement(name: nil, sql: sql, writes: false) }

    /// Names the statement in errors.
    var title: String { name ?? "list" }
}
