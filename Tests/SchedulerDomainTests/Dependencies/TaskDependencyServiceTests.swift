import SchedulerDomain
import Testing

@Suite("Dependencies between tasks")
struct TaskDependencyServiceTests {
    private let graph = TaskDependencyService([
        TaskID(2): [TaskDependency(on: TaskID(1))],
        TaskID(3): [TaskDependency(on: TaskID(2)), TaskDependency(on: TaskID(1), .onCompletion)],
        TaskID(4): [TaskDependency(on: TaskID(3), .onFailure)],
    ])

    @Test("an edge that closes a cycle is found with its way, also one to the task itself")
    func cycles() {
        let long = graph.cycle(adding: [TaskDependency(on: TaskID(4))], to: TaskID(1))
        #expect(long?.first == TaskID(1) && long?.last == TaskID(1))
        #expect(long?.dropFirst().first == TaskID(4))
        #expect(graph.cycle(adding: [TaskDependency(on: TaskID(5))], to: TaskID(5)) == [TaskID(5), TaskID(5)])
    }

    @Test("edges that meet again without a cycle are allowed")
    func diamond() {
        let edges = [TaskDependency(on: TaskID(2)), TaskDependency(on: TaskID(3)), TaskDependency(on: TaskID(4))]
        #expect(graph.cycle(adding: edges, to: TaskID(9)) == nil)
    }

    @Test("a chain of a hundred thousand tasks is searched")
    func longChain() {
        let chain = Dictionary(
            uniqueKeysWithValues: (2...100_000).map { (TaskID($0), [TaskDependency(on: TaskID($0 - 1))]) })
        let service = TaskDependencyService(chain)
        #expect(service.cycle(adding: [TaskDependency(on: TaskID(100_000))], to: TaskID(1))?.count == 100_001)
    }

    @Test("a task is ready when every upstream task ended as its edge asks")
    func readiness() {
        #expect(graph.readiness(of: TaskID(1), given: [:]) == .ready)
        #expect(graph.readiness(of: TaskID(3), given: [:]) == .waiting(on: [TaskID(2), TaskID(1)]))
        #expect(graph.readiness(of: TaskID(3), given: [TaskID(2): .completed, TaskID(1): .failed]) == .ready)
        #expect(
            graph.readiness(of: TaskID(3), given: [TaskID(2): .running, TaskID(1): .failed])
                == .waiting(on: [TaskID(2)]))
        #expect(graph.readiness(of: TaskID(3), given: [TaskID(2): .timeout]) == .blocked(by: [TaskID(2)]))
        #expect(graph.readiness(of: TaskID(4), given: [TaskID(3): .completed]) == .blocked(by: [TaskID(3)]))
    }

    @Test("each condition counts the ends that it names, and no live status", arguments: TaskRunStatus.allCases)
    func conditions(status: TaskRunStatus) {
        let success = TaskDependency.Condition.onSuccess.isFulfilled(by: status)
        let failure = TaskDependency.Condition.onFailure.isFulfilled(by: status)
        let completion = TaskDependency.Condition.onCompletion.isFulfilled(by: status)
        #expect(success == (status == .completed))
        #expect(failure == [.failed, .timeout].contains(status))
        #expect(completion == [.completed, .failed, .timeout, .cancelled].contains(status))
    }
}
