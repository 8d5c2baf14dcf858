import SchedulerErrors
import Testing

@Suite("The error")
struct SchedulerErrorTests {
    private struct Inner: Error {}

    @Test("shows its cause to the log and not to a caller")
    func cause() {
        let error = SchedulerError(
            .database, "the database refused pick", context: ["b": "2", "a": "1"], underlying: Inner())
        #expect("\(error)" == "the database refused pick")
        #expect(String(reflecting: error).hasPrefix("database: the database refused pick [a=1 b=2] ("))
        #expect(String(reflecting: error).contains("Inner"))
    }

    @Test("of an input reports every fault in order")
    func faults() {
        let error = SchedulerError.invalid([
            .init(field: "name", message: "is missing"), .init(field: "schedule", message: "is wrong"),
        ])
        #expect(error.code == .validation)
        #expect(error.message == "name: is missing; schedule: is wrong")
        #expect(error.faults.map(\.field) == ["name", "schedule"])
        #expect(SchedulerError.invalid("a", "b").faults == [.init(field: "a", message: "b")])
    }

    @Test("says whether the same call may succeed later", arguments: SchedulerError.Code.allCases)
    func transience(code: SchedulerError.Code) {
        let transient: Set<SchedulerError.Code> = [
            .storeUnavailable, .outcomeUnknown, .transactionConflict, .messageQueue, .timeout, .overloaded,
            .unavailable, .lockNotAcquired,
        ]
        #expect(SchedulerError(code, "").isTransient == transient.contains(code))
    }

    @Test("types are retried where a repetition may help")
    func types() {
        #expect(ErrorType.allCases.filter(\.isRetriedByDefault) == [.timeout, .network, .system])
    }
}
