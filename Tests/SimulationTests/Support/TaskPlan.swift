import SchedulerDomain
import SchedulerTestingUtils

/// The tasks of a simulation.
enum TaskPlan {
    static func drafts(at now: UTCInstant, using chance: inout SeededGenerator) -> [TaskDraft] {
        var drafts: [TaskDraft] = []
        // In half of the simulations attempts outlast leases.
        let isLong = Bool.random(using: &chance)
        for number in 1...Int.random(in: 1...3, using: &chance) {
            var spec = work("manual-\(number)", isLong, using: &chance)
            spec.maxConcurrent = isLong ? 0 : [0, 0, 1, 2].randomElement(using: &chance) ?? 0
            drafts.append(TaskDraft(spec: spec))
        }
        for number in 1...Int.random(in: 1...3, using: &chance) {
            var spec = work("scheduled-\(number)", isLong, using: &chance)
            spec.schedule = ["* * * * * *", "*/2 * * * * *", "*/3 * * * * *"].randomElement(using: &chance)
            spec.maxConcurrent = isLong ? 0 : [0, 1, 2].randomElement(using: &chance) ?? 0
            spec.misfirePolicy = MisfirePolicy.allCases.randomElement(using: &chance) ?? .fireAll
            spec.overlapPolicy = OverlapPolicy.allCases.randomElement(using: &chance) ?? .queue
            let second = UTCInstant(secondsSinceEpoch: now.secondsSinceEpoch)
            let step = spec.schedule == "* * * * * *" ? 1 : spec.schedule == "*/2 * * * * *" ? 2 : 3
            let next = second.secondsSinceEpoch / Int64(step) * Int64(step) + Int64(step)
            drafts.append(TaskDraft(spec: spec, nextRunAt: UTCInstant(secondsSinceEpoch: next)))
        }
        if Bool.random(using: &chance) {
            // After the first two of the tasks, whatever they are.
            var spec = work("dependent", isLong, using: &chance)
            spec.dependencies = [TaskDependency(on: TaskID(rawValue: 1)), TaskDependency(on: TaskID(rawValue: 2))]
            drafts.append(TaskDraft(spec: spec))
        }
        return drafts
    }

    private static func work(_ name: String, _ isLong: Bool, using chance: inout SeededGenerator) -> TaskSpec {
        let lengths = isLong ? [3_000, 5_000, 8_000] : [0, 5, 50, 300, 1_000, 3_000]
        let length = lengths.randomElement(using: &chance) ?? 0
        let failures = [0, 0, 0, 1, 9].randomElement(using: &chance) ?? 0
        var spec = TaskSpec.fixture(
            name: name, command: "work",
            config: ["parameters": ["ms": .integer(Int64(length)), "failures": .integer(Int64(failures))]],
            retryPolicy: RetryPolicy(
                maxRetries: Int.random(in: 0...(length > 1_000 ? 1 : 3), using: &chance), delayMilliseconds: 200,
                maxDelayMilliseconds: 1_000),
            timeoutSeconds: isLong ? 20 : Int.random(in: 1...5, using: &chance))
        spec.priority = Priority.allCases.randomElement(using: &chance) ?? .normal
        return spec
    }
}
