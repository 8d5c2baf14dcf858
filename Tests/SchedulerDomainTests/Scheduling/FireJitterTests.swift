import SchedulerDomain
import Testing

@Suite("Jitter of fire times")
struct FireJitterTests {
    private let fire = UTCInstant(secondsSinceEpoch: 1_795_222_800)

    private func delay(_ task: Int64, _ seconds: Int, at fire: UTCInstant) -> Int64 {
        fire.duration(to: FireJitter.dueTime(of: fire, task: TaskID(task), within: seconds)).milliseconds
    }

    @Test("without jitter a run is due at its fire time")
    func none() {
        #expect(FireJitter.dueTime(of: fire, task: TaskID(1), within: 0) == fire)
    }

    @Test("the same task and fire time always give the same delay, across releases too")
    func stable() {
        // SplitMix64 of the task's number, mixed with the microseconds of the fire time, modulo 10,001.
        #expect(delay(1, 10, at: fire) == delay(1, 10, at: fire))
        #expect([1, 2, 3].map { delay($0, 10, at: fire) } == [6_348, 5_417, 6_788])
    }

    @Test("delays lie between zero and the limit and are spread over it")
    func spread() {
        let delays = (0..<10_000).map { delay(7, 60, at: fire.advanced(by: .seconds($0))) }
        #expect(delays.allSatisfy { (0...60_000).contains($0) })
        for part in 0..<6 {
            // Even spread gives each sixth about 1,667.
            let count = delays.count { $0 / 10_001 == Int64(part) }
            #expect((1_450...1_880).contains(count), "the part from \(part * 10) s on")
        }
    }

    @Test("tasks that fire at the same second are spread, too")
    func tasks() {
        let delays = (1...1_000).map { delay(Int64($0), 1, at: fire) }
        #expect(Set(delays).count > 500)
    }
}
