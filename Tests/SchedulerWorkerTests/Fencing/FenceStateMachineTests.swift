import Testing

@testable import SchedulerWorker

@Suite("The fence")
struct FenceStateMachineTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// Lease 30 s, kill grace 5 s: stop at 23, all gone at 28.
    private func fence() -> FenceStateMachine {
        FenceStateMachine(FenceTimes(lease: .seconds(30), killGrace: .seconds(5)), registrationSentAt: start)
    }

    @Test(
        "grace and margin follow from lease and kill grace",
        arguments: [
            (30.0, 5.0, 5.0, 2.0), (3.0, 5.0, 0.5, 0.2), (30.0, 2.0, 2.0, 2.0), (3.0, 0.0, 0.0, 0.2),
            (60.0, 300.0, 10.0, 4.0),
        ])
    func times(lease: Double, killGrace: Double, grace: Double, margin: Double) {
        let times = FenceTimes(lease: .seconds(lease), killGrace: .seconds(killGrace))
        #expect(times.grace == .seconds(grace))
        #expect(times.margin == .seconds(margin))
        #expect(times.untilStop == .seconds(lease) - times.grace - times.margin)
    }

    @Test("work stops at the sending of the last good beat plus lease less grace and margin, and not a moment before")
    func stops() {
        var fence = fence()
        #expect(fence.tick(at: at(22.999), mustReturn: true) == .wait)
        #expect(fence.reasonToStop(at: at(22.999)) == nil)
        #expect(fence.reasonToStop(at: at(23)) == .fenced)
        #expect(fence.tick(at: at(23), mustReturn: true) == .stopWork)
        #expect(fence.tick(at: at(23.1), mustReturn: true) == .wait)
        #expect(fence.deadline == LeaseDeadline(stopAt: at(23), grace: .seconds(5)))
    }

    @Test("a beat counts from when it was sent, however late its answer is")
    func countsFromSending() {
        var fence = fence()
        fence.renew(sentAt: at(5), at: at(20))
        #expect(fence.deadline.stopAt == at(28))
        #expect(fence.reasonToStop(at: at(27.9)) == nil)
        fence.renew(sentAt: at(3), at: at(21))
        #expect(fence.deadline.stopAt == at(28), "an older beat that is answered later takes nothing back")
    }

    @Test("a store that is away for less stops nothing")
    func shortOutage() {
        var fence = fence()
        for second in stride(from: 0.0, to: 22, by: 1) {
            #expect(fence.tick(at: at(second), mustReturn: true) == .wait)
        }
        fence.renew(sentAt: at(22), at: at(22.1))
        for second in stride(from: 22.0, to: 45, by: 1) {
            #expect(fence.tick(at: at(second), mustReturn: true) == .wait)
        }
    }

    @Test("what has not returned after the grace ends the process, once, and before the lease ends")
    func exits() {
        var fence = fence()
        #expect(fence.tick(at: at(23), mustReturn: true) == .stopWork)
        #expect(fence.tick(at: at(27.9), mustReturn: true) == .wait)
        #expect(fence.tick(at: at(28), mustReturn: true) == .exit)
        #expect(fence.tick(at: at(28.1), mustReturn: true) == .wait)
    }

    @Test("where everything has returned the process goes on and takes another identifier at the end of the lease")
    func givesUp() {
        var fence = fence()
        #expect(fence.tick(at: at(23), mustReturn: false) == .stopWork)
        #expect(fence.tick(at: at(29.9), mustReturn: false) == .wait)
        #expect(fence.mayBeat(at: at(29.9)))
        #expect(!fence.mayBeat(at: at(30)))
        #expect(fence.tick(at: at(30), mustReturn: false) == .giveUp)
        #expect(fence.tick(at: at(31), mustReturn: false) == .wait)
        fence.renew(sentAt: at(29), at: at(31))
        #expect(fence.reasonToStop(at: at(31)) == .fenced, "an answer that comes after the end renews nothing")
        #expect(!fence.mayBeat(at: at(31)))
    }

    @Test("a beat that succeeds in time opens the fence again, and the next end is told anew")
    func reopens() {
        var fence = fence()
        #expect(fence.tick(at: at(24), mustReturn: true) == .stopWork)
        fence.renew(sentAt: at(25), at: at(25.1))
        #expect(fence.reasonToStop(at: at(25.1)) == nil)
        #expect(fence.tick(at: at(35), mustReturn: true) == .wait, "what was told to stop has time again")
        #expect(fence.tick(at: at(48), mustReturn: true) == .stopWork)
        #expect(fence.tick(at: at(53), mustReturn: true) == .exit)
    }

    @Test("a beat whose answer comes when its own time is over opens nothing")
    func lateAnswer() {
        var fence = fence()
        fence.renew(sentAt: at(1), at: at(25))
        #expect(fence.reasonToStop(at: at(25)) == .fenced)
        #expect(fence.tick(at: at(25), mustReturn: false) == .stopWork)
    }

    @Test("woken after a minute it neither claims nor beats, stops its work, gives up, and grants the grace from then")
    func woken() {
        var fence = fence()
        #expect(fence.reasonToStop(at: at(60)) == .fenced)
        #expect(!fence.mayBeat(at: at(60)))
        #expect(fence.tick(at: at(60), mustReturn: true) == .stopWork)
        #expect(fence.tick(at: at(60), mustReturn: true) == .giveUp)
        #expect(fence.tick(at: at(60), mustReturn: true) == .wait)
        #expect(fence.tick(at: at(65), mustReturn: true) == .exit)
    }

    @Test("a lease that the store took away is over at once, with the grace that is always granted")
    func takenAway() {
        var fence = fence()
        fence.takeAway(at: at(4))
        #expect(fence.reasonToStop(at: at(4)) == .lost)
        #expect(!fence.mayBeat(at: at(4)))
        #expect(fence.deadline == LeaseDeadline(stopAt: at(4), grace: .seconds(5)))
        #expect(fence.tick(at: at(4.1), mustReturn: true) == .stopWork)
        #expect(fence.tick(at: at(5), mustReturn: true) == .wait)
        #expect(fence.tick(at: at(9.1), mustReturn: true) == .exit)
    }
}
