import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization
import Testing

@Suite("Bodies under a lock", .timeLimit(.minutes(1)))
struct LockKeeperTests {
    private let clock = VirtualClock()
    private let locks: FaultyLocks

    init() {
        let clock = clock
        locks = FaultyLocks(base: InMemoryLocks(now: { clock.now }))
    }

    private func keeper(_ owner: String = "a") -> LockKeeper<VirtualClock> {
        LockKeeper(locks: locks, owner: owner, clock: clock)
    }

    @Test("the body gets the lease, its result comes back, and the lock is free afterwards, also when it throws")
    func returns() async throws {
        struct Refusal: Error {}
        let keeper = keeper()
        let tokens = [
            try await keeper.withLock("key") { $0.token }, try await keeper.withLock("key") { $0.token },
        ]
        #expect(tokens[1] > tokens[0])
        await #expect(throws: Refusal.self) { try await keeper.withLock("key") { _ in throw Refusal() } }
        #expect(try await locks.acquire("key", owner: "other", timeToLive: .seconds(1)) != nil)
        #expect(keeper.counts.acquisitions == 3 && keeper.counts.timeouts == 0 && keeper.counts.losses == 0)
        #expect(keeper.counts.successRate == 1)
    }

    @Test("a lock that is held is not acquired, not even by the same process, and after the wait the call says so")
    func refuses() async throws {
        let keeper = keeper()
        let inner = await #expect(throws: SchedulerError.self) {
            try await keeper.withLock("key") { _ in try await keeper.withLock("key") { _ in } }
        }
        #expect(inner?.code == .lockNotAcquired)
        let lease = try #require(try await locks.acquire("key", owner: "other", timeToLive: .seconds(600)))
        async let waiting = Result { try await keeper.withLock("key", wait: .seconds(5)) { _ in } }
        while clock.now < VirtualClock.start.advanced(by: .seconds(5)) {
            try await clock.waitForSleepers(1)
            clock.advance(by: .seconds(1))
        }
        let outcome = await waiting
        let error = #expect(throws: SchedulerError.self) { try outcome.get() }
        #expect(error?.code == .lockNotAcquired)
        #expect(keeper.counts.acquisitions == 1 && keeper.counts.timeouts == 2)
        try await locks.release(lease)
        #expect(try await keeper.withLock("key") { _ in 7 } == 7)
    }

    @Test("while the body runs, the lease is extended at a third of its time, and no other gets the lock")
    func extends() async throws {
        let keeper = keeper()
        let gate = Gate()
        async let holding: Void = keeper.withLock("key", timeToLive: .seconds(30)) { _ in await gate.wait() }
        for _ in 0..<20 {
            // The extension and the watch.
            try await clock.waitForSleepers(2)
            clock.advance(by: .seconds(10))
            await locks.waitForExtensions()
            #expect(try await locks.acquire("key", owner: "other", timeToLive: .seconds(1)) == nil)
        }
        gate.open()
        try await holding
        #expect(keeper.counts.losses == 0)
    }

    @Test("when the lease is taken or cannot be extended in time, the body is cancelled and the call says so")
    func loses() async throws {
        for hangs in [false, true] {
            let keeper = keeper("\(hangs)")
            let wasCancelled = Mutex(false)
            async let holding: Result<Void, any Error> = Result {
                try await keeper.withLock("\(hangs)", timeToLive: .seconds(30)) { _ in
                    try? await Task.sleep(for: .seconds(60))
                    wasCancelled.withLock { $0 = Task.isCancelled }
                }
            }
            try await clock.waitForSleepers(2)
            locks.fault.withLock { $0 = hangs ? .throwing : .refusing }
            for _ in 0..<8 where !wasCancelled.withLock({ $0 }) {
                clock.advance(by: .seconds(5))
                try await Task.sleep(for: .milliseconds(10))
            }
            let outcome = await holding
            let error = #expect(throws: SchedulerError.self) { try outcome.get() }
            #expect(error?.code == .lockLost)
            #expect(wasCancelled.withLock { $0 })
            #expect(keeper.counts.losses == 1)
            locks.fault.withLock { $0 = nil }
        }
    }

    @Test("a store that is away is asked again during the wait")
    func storeAway() async throws {
        let keeper = keeper()
        locks.fault.withLock { $0 = .throwing }
        async let waiting = keeper.withLock("key", wait: .seconds(60)) { _ in 7 }
        try await clock.waitForSleepers(1)
        locks.fault.withLock { $0 = nil }
        clock.advance(by: .seconds(2))
        #expect(try await waiting == 7)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

/// Locks that fail on demand and tell of extensions.
private final class FaultyLocks: DistributedLock {
    enum Fault { case throwing, refusing }

    let fault = Mutex<Fault?>(nil)
    private let base: any DistributedLock
    private let extended = AsyncStream.makeStream(of: Void.self)

    init(base: any DistributedLock) { self.base = base }

    func waitForExtensions() async {
        var extensions = extended.stream.makeAsyncIterator()
        _ = await extensions.next()
    }

    func acquire(_ key: String, owner: String, timeToLive: Duration) async throws -> LockLease? {
        try check()
        return try await base.acquire(key, owner: owner, timeToLive: timeToLive)
    }

    func extend(_ lease: LockLease, timeToLive: Duration) async throws -> Bool {
        try check()
        if fault.withLock({ $0 == .refusing }) { return false }
        defer { extended.continuation.yield() }
        return try await base.extend(lease, timeToLive: timeToLive)
    }

    func release(_ lease: LockLease) async throws { try await base.release(lease) }

    private func check() throws {
        if fault.withLock({ $0 == .throwing }) { throw SchedulerError(.storeUnavailable, "away") }
    }
}
