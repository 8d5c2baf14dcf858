import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("What a trigger overrides")
struct RunOverridesTests {
    @Test("arguments, configuration and priority are replaced, the environment is merged")
    func applied() {
        let spec = TaskSpec.fixture(
            arguments: ["a"], environment: ["A": "1", "B": "2"], config: ["x": 1], priority: .low)
        let overrides = RunOverrides(
            arguments: ["b", 2], environment: ["B": "3", "C": "4"], config: ["y": 2], priority: .high)
        let result = overrides.applied(to: spec)
        #expect(result.arguments == ["b", 2])
        #expect(result.environment == ["A": "1", "B": "3", "C": "4"])
        #expect(result.config == ["y": 2])
        #expect(result.priority == .high)
        #expect(result.command == spec.command)
    }

    @Test("nothing overridden leaves the task as it is")
    func none() {
        let spec = TaskSpec.fixture(arguments: ["a"], environment: ["A": "1"])
        #expect(RunOverrides.none.isEmpty)
        #expect(RunOverrides.none.applied(to: spec) == spec)
        #expect(!RunOverrides(arguments: []).isEmpty)
        #expect(RunOverrides(arguments: []).applied(to: spec).arguments == [])
    }
}
