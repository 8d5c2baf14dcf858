import SchedulerDomain
import Testing

@testable import SchedulerDispatcher

@Suite("Leadership")
struct LeadershipStateMachineTests {
    private let lease = LockLease(key: "scheduler.leader", owner: "a", token: 4)
    private let start = ContinuousClock.now

    @Test("a follower asks for the lease, a leader prolongs it")
    func actions() {
        var machine = LeadershipStateMachine(term: .seconds(10))
        #expect(machine.tick(at: start) == .acquire)
        machine.granted(lease, sentAt: start)
        #expect(machine.tick(at: start.advanced(by: .seconds(9))) == .extend(lease))
    }

    @Test("the term counts from the moment the request was sent")
    func termEnds() {
        var machine = LeadershipStateMachine(term: .seconds(10))
        machine.granted(lease, sentAt: start)
        #expect(machine.lease(at: start.advanced(by: .milliseconds(9_999))) == lease)
        #expect(machine.lease(at: start.advanced(by: .seconds(10))) == nil)
        #expect(machine.tick(at: start.advanced(by: .seconds(10))) == .acquire)
    }

    @Test("a refused renewal makes a follower at once")
    func refused() {
        var machine = LeadershipStateMachine(term: .seconds(10))
        machine.granted(lease, sentAt: start)
        machine.refused()
        #expect(machine.lease(at: start) == nil)
    }
}
