import SchedulerDomain
import Testing

@Suite("What workers can execute")
struct PickAbilitiesTests {
    private func worker(_ types: String..., executors: [String]?, takesRuns: Bool = true) -> WorkerSlots {
        WorkerSlots(
            worker: WorkerID(bits: 1), slots: 1, taskTypes: types, takesRuns: takesRuns, executors: executors)
    }

    @Test("is what any worker of the type that takes runs has")
    func union() {
        let abilities = PickAbilities(of: [
            worker("x", "y", executors: ["a"]), worker("y", executors: ["b"]),
            worker("x", executors: ["c"], takesRuns: false),
        ])
        #expect(abilities.isLimited("x") && abilities.isLimited("y"))
        #expect(abilities.holders(of: "a", for: "x") == .everybody)
        #expect(["a", "b"].map { abilities.holders(of: $0, for: "y") } == [.some, .some])
        #expect(["b", "c"].map { abilities.holders(of: $0, for: "x") } == [.nobody, .nobody])
    }

    @Test("is anything for a worker that did not say")
    func unsaid() {
        let abilities = PickAbilities(of: [
            worker("x", executors: ["a", "a"]), worker("x", "x", "y", executors: nil),
        ])
        #expect(abilities.isLimited("x") && !abilities.isLimited("y"))
        #expect(["a", "b"].map { abilities.holders(of: $0, for: "x") } == [.everybody, .some])
        #expect(abilities.holders(of: "b", for: "y") == .everybody)
    }

    @Test("is wanting nowhere where no worker takes the type")
    func noWorker() {
        let abilities = PickAbilities(of: [worker("x", executors: ["a"])])
        #expect(!abilities.isLimited("z"))
        #expect(abilities.holders(of: "b", for: "z") == .everybody)
    }
}
