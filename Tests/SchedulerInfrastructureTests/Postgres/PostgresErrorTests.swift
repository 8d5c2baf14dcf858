import SchedulerErrors
import Testing

@testable import SchedulerInfrastructure

@Suite("Errors of PostgreSQL")
struct PostgresErrorTests {
    @Test(
        "SQLSTATE decides the code",
        arguments: [
            ("23505", SchedulerError.Code.alreadyExists), ("40001", .transactionConflict),
            ("40P01", .transactionConflict),
            ("57014", .timeout), ("55P03", .timeout), ("25P03", .timeout), ("08006", .storeUnavailable),
            ("57P01", .storeUnavailable),
            ("57P02", .storeUnavailable), ("57P03", .storeUnavailable), ("25006", .storeUnavailable),
            ("53300", .storeUnavailable), ("22P02", .database), ("23503", .database), ("42601", .database),
        ])
    func mapping(state: String, code: SchedulerError.Code) {
        let error = SchedulerError(PostgresError(sqlState: state, message: "secret of row 7"), during: "x")
        #expect(error.code == code)
        #expect(error.context["sql.state"] == state)
        #expect(!error.description.contains("secret"))
        #expect(error.debugDescription.contains("secret"))
    }

    @Test("a value that breaks a rule is the item's fault, a lost server is not")
    func itemFault() {
        func error(_ state: String) -> SchedulerError {
            SchedulerError(PostgresError(sqlState: state, message: ""), during: "x")
        }
        #expect(SchedulerError.isItemFault(error("22P05")))
        #expect(SchedulerError.isItemFault(error("23514")))
        #expect(!SchedulerError.isItemFault(error("57P01")))
        #expect(!SchedulerError.isItemFault(CancellationError()))
    }

    @Test("what ends a session", arguments: ["08003", "57P01", "25006", "25P03"])
    func ends(state: String) { #expect(SchedulerError.endsSession(state)) }

    @Test(
        "a wrong URL names the key and quotes nothing",
        arguments: [
            "mysql://u:hunter2@h/db", "postgres://u:hunter2@h:99999x/db?nonsense=1", "", "hunter2",
        ])
    func urls(url: String) {
        let error = #expect(throws: SchedulerError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("DATABASE_URL") == true)
        #expect(error.map { String(reflecting: $0) }?.contains("hunter2") == false)
    }
}
