/// What PostgreSQL or libpq said about a failed call; for logs only, since it may quote data.
struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Five characters (PostgreSQL, appendix A); nil where the server said nothing.
    var sqlState: String?
    var message: String
    var detail: String?
    var constraint: String?

    init(sqlState: String? = nil, message: String, detail: String? = nil, constraint: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.constraint = constraint
    }

    var description: String {
        [sqlState, message, detail, constraint.map { "constraint \($0)" }].compactMap { $0 }.joined(separator: ": ")
    }
}
