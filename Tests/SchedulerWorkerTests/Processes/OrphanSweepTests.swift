import CProcess
import Testing

@testable import SchedulerWorker

@Suite("The sweep for orphans")
struct OrphanSweepTests {
    private func process(_ pid: Int32, parent: Int32, group: Int32, state: Character = "S") -> scheduler_process {
        scheduler_process(pid: pid, parent: parent, group: group, state: CChar(state.asciiValue ?? 0))
    }

    private func sweep(
        _ processes: [scheduler_process], leaders: Set<Int32> = [], spared: Set<Int32> = []
    ) -> OrphanSweep {
        OrphanSweep(of: processes, keeper: 10, leaders: leaders, sparedGroups: spared)
    }

    @Test("leaders and what descends from them are left alone, and so is everybody else")
    func leaders() {
        let found = sweep(
            [process(1, parent: 0, group: 1), process(20, parent: 10, group: 20), process(21, parent: 20, group: 21)],
            leaders: [20])
        #expect(found.isClean && found.orphans.isEmpty && found.descendants.isEmpty && found.remains.isEmpty)
    }

    @Test("another child is an orphan, and goes with all that descends from it")
    func orphans() {
        let found = sweep([
            process(30, parent: 10, group: 30), process(31, parent: 30, group: 30), process(32, parent: 31, group: 32),
        ])
        #expect(found.orphans == [30])
        #expect(found.descendants.map(\.pid) == [31, 32] && found.descendants.map(\.parent) == [30, 31])
        #expect(!found.isClean)
    }

    @Test("an orphan that has ended is only reaped")
    func remains() {
        let found = sweep([process(30, parent: 10, group: 30, state: "Z")])
        #expect(found.remains == [30] && found.isClean)
    }

    @Test("what is left of a group within its grace is spared, but not what left that group")
    func spared() {
        let found = sweep([process(30, parent: 10, group: 7), process(31, parent: 10, group: 31)], spared: [7])
        #expect(found.spared.map(\.pid) == [30] && found.orphans == [31])
    }
}
