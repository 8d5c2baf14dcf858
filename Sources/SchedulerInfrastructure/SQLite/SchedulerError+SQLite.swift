import GRDB
import SchedulerErrors

/// The only reader of SQLite's result codes.
extension SchedulerError {
    /// Maps what a statement threw. Errors of ours and cancellations pass through.
    static func sqlite(_ error: any Error, during statement: String) -> any Error {
        guard let database = error as? DatabaseError else { return error }
        return SchedulerError(
            code(of: database), message(of: database, during: statement),
            context: ["sql.statement": statement, "sql.state": "\(database.extendedResultCode.rawValue)"],
            underlying: database)
    }

    /// An error on opening the file, which the person who named it has to mend.
    static func sqlite(_ error: any Error, opening path: String) -> SchedulerError {
        let reason =
            switch (error as? DatabaseError)?.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: "it is not an intact SQLite database"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "another process holds it"
            case .SQLITE_READONLY: "it cannot be written"
            default: "check that its folder exists and can be written"
            }
        return SchedulerError(
            .configuration, "DATABASE_URL: the database \(path) cannot be opened: \(reason)", underlying: error)
    }

    private static func code(of error: DatabaseError) -> Code {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: return .alreadyExists
        default: break
        }
        return switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY,
            .SQLITE_NOMEM:
            .storeUnavailable
        default: .database
        }
    }

    private static func message(of error: DatabaseError, during statement: String) -> String {
        switch code(of: error) {
        case .alreadyExists: "what \(statement) adds exists already"
        case .storeUnavailable:
            switch error.resultCode {
            case .SQLITE_FULL: "the disk of the database is full"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "the database is busy; try again in a moment"
            default: "the database file cannot be read or written"
            }
        default: "the database refused \(statement)"
        }
    }
}
