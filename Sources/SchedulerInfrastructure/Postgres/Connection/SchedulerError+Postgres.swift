public import SchedulerErrors

/// The one place that reads SQLSTATE.
///
/// - SeeAlso: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
extension SchedulerError {
    /// Maps what the server said about a statement.
    init(_ error: PostgresError, during statement: String) {
        let state = error.sqlState ?? ""
        let (code, text) = SchedulerError.meaning(of: state)
        self.init(
            code, "\(statement): \(text)",
            context: state.isEmpty ? [:] : [SchedulerError.sqlStateKey: state], underlying: error)
    }

    private static let sqlStateKey = "sql.state"

    private static func meaning(of state: String) -> (Code, String) {
        switch state {
        case "23505": return (.alreadyExists, "a unique name or key is taken")
        case "40001", "40P01": return (.transactionConflict, "lost against a concurrent transaction; repeat it")
        case "57014": return (.timeout, "was cancelled or took too long")
        case "55P03": return (.timeout, "waited too long for a lock")
        case "25006": return (.storeUnavailable, "the database is read-only now")
        case "25P03": return (.timeout, "the transaction waited too long between two statements")
        case "57P01", "57P02", "57P03", "57P05":
            return (.storeUnavailable, "the database ended the session; try again")
        default: break
        }
        switch state.prefix(2) {
        case "08": return (.storeUnavailable, "the connection to the database failed; try again")
        case "53": return (.storeUnavailable, "the database is out of resources; try again later")
        case "22": return (.database, "the database cannot represent a value")
        case "23": return (.database, "a value breaks a rule of the database")
        default: return (.database, "failed in the database")
        }
    }

    /// Whether the session that reported the state is of no more use.
    static func endsSession(_ sqlState: String?) -> Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("08") || sqlState.hasPrefix("57P") || sqlState == "25006" || sqlState == "25P03"
    }

    /// Whether one value in a batch is at fault (SQLSTATE class 22 or 23), so that a batch without it may succeed.
    public static func isItemFault(_ error: any Error) -> Bool {
        guard let error = error as? SchedulerError, let state = error.context[sqlStateKey] else { return false }
        return state.hasPrefix("22") || state.hasPrefix("23")
    }
}
