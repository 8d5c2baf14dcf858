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
        #expect(!abilities.lack("a", for: "x") && !abilities.lack("a", for: "y") && !abilities.lack("b", for: "y"))
        #expect(abilities.lack("b", for: "x") && abilities.lack("c", for: "x"))
    }

    @Test("is anything where a worker of the type did not say, and where no worker takes the type")
    func unlimited() {
        let abilities = PickAbilities(of: [worker("x", executors: ["a"]), worker("x", executors: nil)])
        for type in ["x", "z"] {
            #expect(!abilities.isLimited(type))
            #expect(!abilities.lack("b", for: type))
        }
    }
}
