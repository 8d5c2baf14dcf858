public import SchedulerDomain
public import SchedulerFoundation
private import Synchronization

/// The monotonic clock of a simulation; a process that is paused wakes late by it.
public struct SimulatedSteadyClock: SteadyClock {
    let simulator: Simulator

    public var now: ContinuousClock.Instant { simulator.epoch.advanced(by: simulator.elapsed) }
    public var minimumResolution: Duration { .microseconds(1) }

    public func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        try await simulator.sleep(until: simulator.epoch.duration(to: deadline))
    }
}

/// What a calendar shows in one process, or in the store: it may be wrong, and jump.
public final class SimulatedWallClock: SchedulerClock {
    private let simulator: Simulator
    private let offset = Mutex(Duration.zero)

    public init(_ simulator: Simulator) { self.simulator = simulator }

    public var now: UTCInstant { simulator.start.advanced(by: simulator.elapsed + offset.withLock { $0 }) }
    public var minimumResolution: Duration { .microseconds(1) }

    /// Moves it, backwards too, as an administrator or a time server may.
    public func jump(by duration: Duration) { offset.withLock { $0 += duration } }

    public func sleep(until deadline: UTCInstant, tolerance: Duration?) async throws {
        try await simulator.sleep(until: simulator.elapsed + now.duration(to: deadline))
    }
}

extension Simulator {
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until deadline: Duration) async throws {
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                sleeper.timer.withLock { timer in
                    timer = (at(deadline) { sleeper.wake(with: .success(())) }, continuation)
                }
            }
        } onCancel: {
            if let id = sleeper.wake(with: .failure(CancellationError())) { cancel(id) }
        }
    }
}

private final class Sleeper: Sendable {
    let timer = Mutex<(id: UInt64, continuation: CheckedContinuation<Void, any Error>)?>(nil)

    /// - Returns: its timer; nil where it is awake.
    @discardableResult
    func wake(with result: Result<Void, any Error>) -> UInt64? {
        let sleeping = timer.withLock { timer in
            defer { timer = nil }
            return timer
        }
        sleeping?.continuation.resume(with: result)
        return sleeping?.id
    }
}
