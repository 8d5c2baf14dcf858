import SchedulerDomain
import Testing

@Suite("Which tasks a wave comes to")
struct WaveScopeTests {
    private func scope(_ upstreams: [Int64: [Int64]]) -> WaveScope {
        WaveScope(
            upstreams: Dictionary(
                uniqueKeysWithValues: upstreams.map { (TaskID($0), $1.map { TaskID($0) }) }))
    }

    private func reached(_ scope: inout WaveScope, _ tasks: ClosedRange<Int64>, from root: Int64) -> [Int64] {
        tasks.filter { scope.comes(to: TaskID($0), from: TaskID(root)) }
    }

    @Test("it comes to its root and to what descends from it, through any number of tasks")
    func chain() {
        var scope = scope(Dictionary(uniqueKeysWithValues: (2...10_000).map { ($0, [$0 - 1]) }))
        let last = reached(&scope, 9_999...20_000, from: 1)
        #expect(last == [9_999, 10_000])
        let first = reached(&scope, 1...3, from: 2)
        #expect(first == [2, 3])
    }

    @Test("it comes to a task only by all of its upstreams, but to its root whatever that depends on")
    func everyUpstream() {
        var scope = scope([3: [1, 2], 4: [1, 3], 5: [3], 6: [3, 5]])
        let found = (1...3).map { reached(&scope, 1...6, from: $0) }
        #expect(found == [[1], [2], [3, 5, 6]])
    }

    @Test("tasks that are read later count, and a cycle that two readings show is come to by no wave")
    func readings() {
        var scope = scope([3: [2]])
        let before = reached(&scope, 3...3, from: 1)
        scope.upstreams[TaskID(2)] = [TaskID(1)]
        let after = reached(&scope, 3...3, from: 1)
        scope.upstreams[TaskID(2)] = [TaskID(1), TaskID(3)]
        let torn = reached(&scope, 3...3, from: 1)
        #expect([before, after, torn] == [[], [3], []])
    }
}
