public import SchedulerDomain
import SchedulerErrors
private import Synchronization

/// Runs bodies under distributed locks: acquires, extends while the body runs, releases in any case.
///
/// A lease counts from the time at which it was asked for, on the clock of this process, which must not jump; so it is
/// over here no later than in the store. Whoever writes under a lock compares its token in the store all the same.
public final class LockKeeper<LockClock: Clock>: Sendable where LockClock.Duration == Duration {
    private let locks: any DistributedLock
    private let owner: String
    private let clock: LockClock
    private let state = Mutex((calls: UInt64(0), counts: LockCounts()))

    /// - Parameter owner: names this process among all; each call is an owner of its own under it.
    public init(locks: any DistributedLock, owner: String, clock: LockClock) {
        self.locks = locks
        self.owner = owner
        self.clock = clock
    }

    /// What came of the calls so far.
    public var counts: LockCounts { state.withLock { $0.counts } }

    /// Runs the body while it holds the lock; when the lease is lost, the body is cancelled.
    ///
    /// - Parameters:
    ///   - timeToLive: how long the lock stays when this process is gone; extended at a third of it.
    ///   - wait: how long to try where somebody else holds it or the store is away; zero tries once.
    ///   - body: gets the lease with its fencing token.
    /// - Throws: `lockNotAcquired`; `lockLost` after the body has ended, however it ended; else what the body throws.
    public func withLock<Output: Sendable>(
        _ key: String, timeToLive: Duration = .seconds(30), wait: Duration = .zero,
        body: @escaping @Sendable (LockLease) async throws -> Output
    ) async throws -> Output {
        precondition(timeToLive > .zero, "a lock lives for a while")
        let held = try await acquire(key, timeToLive: timeToLive, wait: wait)
        let outcome = await run(body, holding: held)
        let (locks, lease) = (locks, held.lease)
        // Where this fails, the lock runs out by itself.
        await withCancellationShield { try? await locks.release(lease) }
        return try outcome.get()
    }

    private func acquire(_ key: String, timeToLive: Duration, wait: Duration) async throws -> HeldLock<LockClock> {
        // One owner may acquire anew what it holds, so that an unknown outcome can be repeated.
        let owner = state.withLock { state in
            state.calls += 1
            return "\(self.owner)#\(state.calls)"
        }
        let deadline = clock.now.advanced(by: wait)
        var backoff = Backoff(base: .milliseconds(20), limit: .seconds(1))
        while true {
            let sentAt = clock.now
            var failure: SchedulerError?
            do {
                if let lease = try await locks.acquire(key, owner: owner, timeToLive: timeToLive) {
                    state.withLock { $0.counts.acquisitions += 1 }
                    return HeldLock(lease, timeToLive, until: sentAt.advanced(by: timeToLive))
                }
            } catch let error as SchedulerError where error.isTransient {
                failure = error
            }
            let left = clock.now.duration(to: deadline)
            guard left > .zero else {
                state.withLock { $0.counts.timeouts += 1 }
                throw SchedulerError(
                    .lockNotAcquired, "the lock \"\(key)\" could not be acquired within \(wait); try again later",
                    context: ["lock.key": key], underlying: failure)
            }
            try await clock.sleep(for: min(left, backoff.next()))
        }
    }

    private func run<Output: Sendable>(
        _ body: @escaping @Sendable (LockLease) async throws -> Output, holding held: HeldLock<LockClock>
    ) async -> Result<Output, any Error> {
        await withTaskGroup(of: LockStep<Output>.self) { group in
            group.addTask {
                do { return .ended(.success(try await body(held.lease))) } catch { return .ended(.failure(error)) }
            }
            group.addTask { await self.extend(held) }
            group.addTask { await self.watch(held) }
            var outcome: Result<Output, any Error>?
            var isLost = false
            for await step in group {
                switch step {
                case .ended(let result): outcome = outcome ?? result
                case .lost: isLost = isLost || outcome == nil
                case .over: continue
                }
                group.cancelAll()
            }
            guard isLost || outcome == nil else { return outcome ?? .failure(CancellationError()) }
            state.withLock { $0.counts.losses += 1 }
            var cause: (any Error)?
            if case .failure(let error) = outcome { cause = error }
            return .failure(
                SchedulerError(
                    .lockLost, "the lock \"\(held.lease.key)\" was lost while it was needed",
                    context: ["lock.key": held.lease.key], underlying: cause))
        }
    }

    private func extend<Output: Sendable>(_ held: HeldLock<LockClock>) async -> LockStep<Output> {
        var pause = held.timeToLive / 3
        while true {
            do {
                try await clock.sleep(for: pause)
                let sentAt = clock.now
                guard try await locks.extend(held.lease, timeToLive: held.timeToLive) else { return .lost }
                held.until.withLock { $0 = sentAt.advanced(by: held.timeToLive) }
                pause = held.timeToLive / 3
            } catch {
                if Task.isCancelled { return .over }
                // The watch ends it if none gets through in time.
                pause = held.timeToLive / 10
            }
        }
    }

    /// Sees the end of the lease also while an extension hangs.
    private func watch<Output: Sendable>(_ held: HeldLock<LockClock>) async -> LockStep<Output> {
        while true {
            let until = held.until.withLock { $0 }
            guard clock.now < until else { return .lost }
            do { try await clock.sleep(until: until, tolerance: nil) } catch { return .over }
        }
    }
}

extension LockKeeper where LockClock == ContinuousClock {
    /// A keeper on the machine's monotonic clock.
    public convenience init(locks: any DistributedLock, owner: String) {
        self.init(locks: locks, owner: owner, clock: ContinuousClock())
    }
}

/// How calls of one `LockKeeper` went.
public struct LockCounts: Sendable, Hashable {
    public var acquisitions = 0
    /// Calls that did not get their lock in the wait.
    public var timeouts = 0
    /// Leases that were lost while their body ran.
    public var losses = 0

    public init() {}

    /// The share of the calls that got their lock; 1 where nobody has called.
    public var successRate: Double {
        acquisitions + timeouts == 0 ? 1 : Double(acquisitions) / Double(acquisitions + timeouts)
    }
}

private final class HeldLock<LockClock: Clock>: Sendable where LockClock.Duration == Duration {
    let lease: LockLease
    let timeToLive: Duration
    /// When the lease is over on the clock of this process.
    let until: Mutex<LockClock.Instant>

    init(_ lease: LockLease, _ timeToLive: Duration, until: LockClock.Instant) {
        self.lease = lease
        self.timeToLive = timeToLive
        self.until = Mutex(until)
    }
}

private enum LockStep<Output: Sendable>: Sendable {
    case ended(Result<Output, any Error>)
    case lost
    case over
}
