import SchedulerDomain
import SchedulerErrors
import Testing

@Suite("The states of a run")
struct TaskRunStatusTests {
    /// Written out once more by hand: the rows are the states, the words what may follow.
    private static let table: [TaskRunStatus: Set<TaskRunStatus>] = [
        .pending: [.dispatched, .completed, .failed, .timeout, .cancelled, .skipped],
        .dispatched: [.pending, .running, .completed, .failed, .timeout, .cancelled, .skipped],
        .running: [.pending, .completed, .failed, .timeout, .cancelled, .skipped],
        .completed: [], .failed: [], .timeout: [], .cancelled: [], .skipped: [],
    ]

    @Test("change as the table says, and in no other way", arguments: TaskRunStatus.allCases, TaskRunStatus.allCases)
    func transition(from: TaskRunStatus, to: TaskRunStatus) throws {
        let isLegal = try #require(Self.table[from]).contains(to)
        #expect(from.canBecome(to) == isLegal)
        if isLegal {
            #expect(try from.transition(to: to) == to)
        } else {
            let error = #expect(throws: SchedulerError.self) { try from.transition(to: to) }
            #expect(error?.code == .conflict)
            #expect(error?.message == "a \(from.rawValue) run cannot become \(to.rawValue)")
        }
    }

    @Test("never leave an end", arguments: TaskRunStatus.allCases)
    func terminal(status: TaskRunStatus) {
        #expect(status.isTerminal == status.successors.isEmpty)
        #expect(!status.canBecome(status))
    }
}
