import Testing

@testable import SchedulerWorker

@Suite("The lease as its keeper enforces it")
struct KeptLeaseTests {
    private let start = ContinuousClock.now

    @Test("nothing is enforced before the worker has said a deadline, nor before it comes")
    func waits() {
        var lease = KeptLease()
        #expect(!lease.isOver(at: start + .seconds(1_000)))
        #expect(lease.nextLook(at: start) == nil)
        lease.renew(LeaseDeadline(stopAt: start + .seconds(10), grace: .seconds(2)))
        #expect(!lease.isDue(at: start + .seconds(9)))
        #expect(lease.nextLook(at: start) == start + KeptLease.longestWait, "it looks at the clock in between")
        #expect(lease.nextLook(at: start + .seconds(9.5)) == start + .seconds(10))
        #expect(lease.isDue(at: start + .seconds(10)))
    }

    @Test("it is enforced once; a later deadline begins anew")
    func once() {
        var lease = KeptLease()
        lease.renew(LeaseDeadline(stopAt: start, grace: .seconds(2)))
        #expect(lease.enforce() == start + .seconds(2))
        #expect(!lease.isDue(at: start + .seconds(1)))
        #expect(lease.isOver(at: start + .seconds(1)), "and nothing may start meanwhile")
        lease.renew(LeaseDeadline(stopAt: start + .seconds(10), grace: .seconds(2)))
        #expect(!lease.isOver(at: start + .seconds(9)))
        #expect(lease.isDue(at: start + .seconds(10)))
    }

    @Test("a point in time that goes to another process and back is never later")
    func sharedClock() {
        for _ in 0..<100 {
            let instant = ContinuousClock.now + .seconds(20)
            let back = SharedClock.instant(of: SharedClock.microseconds(of: instant))
            #expect(back <= instant)
            #expect(back > instant - .seconds(5))
        }
    }
}
