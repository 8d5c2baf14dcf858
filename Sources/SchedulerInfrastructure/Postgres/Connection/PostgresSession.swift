private import CPostgres
private import Glibc
import SchedulerErrors
import SchedulerFoundation

/// One connection to PostgreSQL, confined to the thread that made it.
///
/// Every statement is sent without blocking and waited for in a `poll` of our own with a deadline: the server's
/// `statement_timeout` cannot end a wait on a connection whose other side is gone. Past the deadline the socket is
/// shut. A session that met any fault of its connection is broken for good; its owner drops it.
final class PostgresSession {
    private let connection: OpaquePointer
    /// How long an answer may take.
    var answerTimeout: Duration
    private var prepared: Set<String> = []
    /// Whether the session is of no more use.
    private(set) var isBroken = false
    private(set) var isInTransaction = false
    /// Whether the closure that has the session now may have changed something for good.
    private var hasChanged = false
    /// Whether an answer was given up, so that a repetition may take as long.
    private var hasGivenUp = false
    /// Cancels what the session executes; usable from any thread.
    let canceller: PostgresCanceller

    /// Takes a connection over that is established.
    init(taking connection: OpaquePointer, answerTimeout: Duration) {
        self.connection = connection
        self.answerTimeout = answerTimeout
        PQsetnonblocking(connection, 1)
        canceller = PostgresCanceller(of: connection)
    }

    deinit {
        canceller.close()
        PQfinish(connection)
    }

    /// Begins the work of another closure.
    func beginWork() { hasChanged = false }

    /// Whether the closure that threw may run once more in another session: this one was lost, not for slowness, and
    /// nothing was changed.
    func mayRepeat(after error: any Error) -> Bool {
        isBroken && !hasChanged && !hasGivenUp && (error as? SchedulerError)?.code == .storeUnavailable
    }

    /// The socket, to wait for notifications.
    var socket: Int32 { PQsocket(connection) }

    /// Executes a statement, prepared at its first use in this session.
    ///
    /// - Throws: by SQLSTATE; `storeUnavailable` where the connection is lost, `outcomeUnknown` where it is lost while
    ///   a change may have been made.
    @discardableResult
    func execute(_ statement: PostgresStatement, _ parameters: [PostgresParameter] = []) throws -> PostgresRows {
        if let name = statement.name, !prepared.contains(name) {
            try call(statement.title, mayChange: false) {
                PQsendPrepare(connection, name, statement.sql, Int32(parameters.count), parameters.map(\.type))
            }
            prepared.insert(name)
        }
        return try call(statement.title, mayChange: statement.writes && !isInTransaction) {
            send(statement, parameters)
        }
    }

    /// Executes text without parameters, several statements included; for the migrator and for settings.
    func script(_ what: String, _ sql: String) throws {
        try call(what, mayChange: !isInTransaction) { PQsendQuery(connection, sql) }
    }

    /// Runs a transaction, whole again where it lost against a concurrent one.
    ///
    /// - Parameter attempts: how often it is run at most.
    func transaction<Output>(attempts: Int = 5, _ body: (PostgresSession) throws -> Output) throws -> Output {
        var backoff = Backoff(base: .milliseconds(2), limit: .milliseconds(50))
        for _ in 1..<attempts {
            do {
                return try transactionOnce(body)
            } catch let error as SchedulerError where error.code == .transactionConflict && !isBroken {
                usleep(useconds_t(backoff.next().components.attoseconds / 1_000_000_000_000))
            }
        }
        return try transactionOnce(body)
    }

    private func transactionOnce<Output>(_ body: (PostgresSession) throws -> Output) throws -> Output {
        precondition(!isInTransaction, "transactions do not nest")
        try call("begin", mayChange: false) { PQsendQuery(connection, "BEGIN") }
        isInTransaction = true
        do {
            let output = try body(self)
            isInTransaction = false
            let answer = try call("commit", mayChange: true) { PQsendQuery(connection, "COMMIT") }
            // A transaction in which a statement failed answers COMMIT with ROLLBACK.
            guard answer.tag == "COMMIT" else {
                throw SchedulerError(.internal, "a transaction went on after a statement in it had failed")
            }
            return output
        } catch {
            isInTransaction = false
            if !isBroken, PQtransactionStatus(connection) != PQTRANS_IDLE { rollBack() }
            throw error
        }
    }

    /// Ends a failed transaction; where that fails too, the server ends it with the session.
    private func rollBack() {
        do { try call("rollback", mayChange: false) { PQsendQuery(connection, "ROLLBACK") } } catch { isBroken = true }
    }

    /// Whether the other side has closed or said something since the last call: a session that was idle while the
    /// server restarted is recognised before it is used.
    func isAlive() -> Bool {
        guard !isBroken, PQstatus(connection) == CONNECTION_OK else { return false }
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 0) > 0 else { return true }
        // Twice: after the server has ended the session the first call may only read its farewell.
        guard PQconsumeInput(connection) == 1, PQconsumeInput(connection) == 1 else { return false }
        return PQstatus(connection) == CONNECTION_OK
    }

    /// Returns the payloads of notifications that have arrived.
    ///
    /// - Throws: `storeUnavailable` where the connection is lost. After the server has ended the session the first
    ///   `PQconsumeInput` still succeeds, so it is called until nothing more comes.
    func takeNotifications() throws -> [String] {
        var payloads: [String] = []
        var sawNew = true
        while sawNew {
            guard PQconsumeInput(connection) == 1, PQstatus(connection) == CONNECTION_OK else {
                throw lost("listen", false)
            }
            sawNew = false
            while let notification = PQnotifies(connection) {
                sawNew = true
                if let extra = notification.pointee.extra { payloads.append(String(cString: extra)) }
                PQfreemem(notification)
            }
        }
        return payloads
    }

    private func send(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) -> Int32 {
        // One block for all values: pointers into it stay valid for the call.
        var block: [UInt8] = []
        block.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        let starts = parameters.map { parameter -> Int? in
            guard let bytes = parameter.bytes else { return nil }
            defer { block.append(contentsOf: bytes) }
            return block.count
        }
        block.append(0)
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        let count = Int32(parameters.count)
        return block.withUnsafeBytes { block in
            let base = block.bindMemory(to: CChar.self).baseAddress
            let values = starts.map { start in start.flatMap { start in base.map { $0 + start } } }
            if let name = statement.name {
                return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
            }
            return PQsendQueryParams(
                connection, statement.sql, count, parameters.map(\.type), values, lengths, formats, 1)
        }
    }

    /// Sends one request and waits for its last result.
    @discardableResult
    private func call(_ what: String, mayChange: Bool, send: () -> Int32) throws -> PostgresRows {
        guard !isBroken else { throw lost(what, false) }
        guard send() == 1 else { throw lost(what, mayChange) }
        try waitForAnswer(to: what, mayChange: mayChange)
        var last: PostgresRows?
        var failure: PostgresError?
        while let result = PQgetResult(connection) {
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = PostgresRows(result)
            default:
                failure = failure ?? PostgresError(result: result)
                PQclear(result)
            }
            try waitForAnswer(to: what, mayChange: mayChange)
        }
        if let failure { throw failed(what, failure, mayChange) }
        guard let last, PQstatus(connection) == CONNECTION_OK else { throw lost(what, mayChange) }
        if mayChange { hasChanged = true }
        return last
    }

    /// Moves bytes in both directions until the next `PQgetResult` does not block.
    private func waitForAnswer(to what: String, mayChange: Bool) throws {
        let deadline = MonotonicInstant.after(answerTimeout)
        while true {
            let unsent = PQflush(connection)
            guard unsent >= 0 else {
                // The server may have said why before it closed; PQgetResult reports that.
                PQconsumeInput(connection)
                return
            }
            if PQisBusy(connection) == 0 { return }
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN) | (unsent > 0 ? Int16(POLLOUT) : 0), revents: 0)
            let ready = poll(&descriptor, 1, deadline.pollTimeout)
            if ready > 0, descriptor.revents & ~Int16(POLLOUT) != 0 {
                // A failed read makes the connection bad and ends being busy, so PQgetResult says what happened.
                PQconsumeInput(connection)
            } else if ready == 0 || (ready < 0 && errno != EINTR) {
                shutdown(socket, Int32(SHUT_RDWR))
                hasGivenUp = true
                throw lost(what, mayChange, "no answer within \(answerTimeout)")
            }
        }
    }

    private func failed(_ what: String, _ error: PostgresError, _ mayChange: Bool) -> SchedulerError {
        if error.sqlState == "25P03" {
            // The server gave up a transaction that was not going on, and this statement came too late to count.
            isBroken = true
            return SchedulerError(error, during: what)
        }
        guard error.sqlState != nil, PQstatus(connection) == CONNECTION_OK else {
            return lost(what, mayChange, error.description)
        }
        let mapped = SchedulerError(error, during: what)
        guard SchedulerError.endsSession(error.sqlState) else { return mapped }
        isBroken = true
        // A read-only server refused the change; every other end of the session may have come after the change.
        return mayChange && error.sqlState != "25006" ? lost(what, true, error.description) : mapped
    }

    private func lost(_ what: String, _ mayChange: Bool, _ detail: String? = nil) -> SchedulerError {
        isBroken = true
        let underlying = PostgresError(message: detail ?? String(cString: PQerrorMessage(connection)))
        return mayChange
            ? SchedulerError(
                .outcomeUnknown,
                "\(what): the connection to the database was lost; the change may have been made or not",
                underlying: underlying)
            : SchedulerError(
                .storeUnavailable, "\(what): the connection to the database was lost; try again", underlying: underlying
            )
    }
}

extension PostgresError {
    /// Reads what the server said.
    fileprivate init(result: OpaquePointer) {
        func text(_ value: UnsafePointer<CChar>?) -> String? { value.map { String(cString: $0) } }
        self.init(
            sqlState: text(scheduler_pq_sqlstate(result)),
            message: text(scheduler_pq_primary_message(result)) ?? text(PQresultErrorMessage(result)) ?? "",
            detail: text(scheduler_pq_detail(result)),
            constraint: text(scheduler_pq_constraint(result)))
    }
}
