import Foundation
import SchedulerDomain
import Testing

@Suite("Whose turn it is")
struct PickTurnsTests {
    private static let tenant = TenantID("a")

    /// All sets of priorities that have something to start.
    private static let choices: [Set<Priority>] = (1..<16).map { bits in
        Set(Priority.allCases.filter { bits & (1 << $0.level) != 0 })
    }

    private func serve(_ turns: PickTurns, among waiting: Set<Priority>) -> (PickTurns, Priority)? {
        guard let priority = turns.order.first(where: waiting.contains) else { return nil }
        var turns = turns
        turns.serve(Self.tenant, at: priority)
        return (turns, priority)
    }

    /// Every state that any sequence of picks leads to; the tenants do not matter here.
    private func allStates() -> Set<PickTurns> {
        var states: Set<PickTurns> = []
        var left = [PickTurns()]
        while let state = left.popLast() {
            guard states.insert(state).inserted else { continue }
            left += Self.choices.compactMap { serve(state, among: $0)?.0 }
        }
        return states
    }

    @Test(
        "from any state, and whatever else comes and goes, a priority waits at most so many picks",
        arguments: [(Priority.low, 17), (.normal, 9), (.high, 5), (.critical, 3)])
    func bounds(priority: Priority, bound: Int) {
        var longest: [PickTurns: Int] = [:]
        /// The most picks of others that may come before one of the priority.
        func wait(_ state: PickTurns) -> Int {
            if let known = longest[state] { return known }
            let waits = Self.choices.filter { $0.contains(priority) }.compactMap { waiting -> Int? in
                guard let (next, served) = serve(state, among: waiting), served != priority else { return nil }
                return 1 + wait(next)
            }
            longest[state] = waits.max() ?? 0
            return waits.max() ?? 0
        }
        #expect(allStates().map(wait).max() == bound)
    }

    @Test("where all wait, the shares are 8 : 4 : 2 : 1 in every fifteen picks")
    func shares() {
        var turns = PickTurns()
        for _ in 0..<100 {
            var counts: [Priority: Int] = [:]
            for _ in 0..<15 {
                guard let (next, priority) = serve(turns, among: Set(Priority.allCases)) else { continue }
                turns = next
                counts[priority, default: 0] += 1
            }
            #expect(counts == [.critical: 8, .high: 4, .normal: 2, .low: 1])
        }
    }

    @Test("an absent priority saves up no turns")
    func noHoarding() {
        var turns = PickTurns()
        for _ in 0..<1_000 { turns.serve(Self.tenant, at: .low) }
        var counts: [Priority: Int] = [:]
        for _ in 0..<12 {
            guard let (next, priority) = serve(turns, among: [.low, .critical]) else { continue }
            turns = next
            counts[priority, default: 0] += 1
        }
        #expect(counts[.low] == 1)
    }

    @Test("it is the same after it was kept as JSON, also by a release that knew less")
    func codable() throws {
        var turns = PickTurns()
        turns.serve(Self.tenant, at: .high)
        let lane = PickLane(task: TaskID(7), priority: .low, version: 2, trigger: .backfill)
        _ = turns.sweep.advance(to: lane, found: [lane], leavesRuns: true)
        #expect(try JSONDecoder().decode(PickTurns.self, from: JSONEncoder().encode(turns)) == turns)
        let older = #"{"leads":[8,4,2,1],"served":[null,null,null,null],"sweep":{"hasLeftRuns":false}}"#
        #expect(try JSONDecoder().decode(PickTurns.self, from: Data(older.utf8)) == PickTurns())
        let strange = Data(#"{"leads":[99,-1],"served":[]}"#.utf8)
        #expect(try JSONDecoder().decode(PickTurns.self, from: strange) == PickTurns())
    }

    @Test("a sweep of lanes begins anew as long as its passes were full, and ends after one that was not")
    func sweeps() {
        let lane = PickLane(task: TaskID(7), priority: .low, version: 2, trigger: .backfill)
        var sweep = LaneSweep()
        let steps: [(PickLane?, Bool)] = [(lane, true), (lane, false), (nil, false), (lane, false), (nil, false)]
        let goesOn = steps.map { last, isFull in sweep.advance(to: last, found: [], leavesRuns: isFull) }
        #expect(goesOn == [true, true, true, true, false])
        #expect(sweep == LaneSweep())
    }
}
