private import Glibc

/// A value behind a lock with a condition to wait for: `Mutex` for threads of their own, which may sleep.
///
/// Waiting blocks the calling thread, so tasks of Swift's cooperative threads only ever use `withLock` and `signal`.
/// Deadlines are on the monotonic clock.
///
/// Sendable although it is made of pointers: `state` is touched only between lock and unlock of `mutex`, and both
/// pointers are constant from `init` to `deinit`.
public final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    public init(_ state: sending State) {
        self.state = state
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs a short, synchronous change.
    public func withLock<Result>(_ body: (inout State) throws -> sending Result) rethrows -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Blocks the thread until `body` returns a value, asking again after every signal.
    ///
    /// - Parameter deadline: nil waits without limit.
    /// - Returns: nil when the deadline passed first.
    public func wait<Result>(
        until deadline: MonotonicInstant? = nil, _ body: (inout State) -> sending Result?
    ) -> sending Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            guard !deadline.hasPassed else { return nil }
            var time = timespec(
                tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
            pthread_cond_timedwait(condition, mutex, &time)
        }
    }

    /// Wakes one waiting thread.
    public func signal() { pthread_cond_signal(condition) }

    /// Wakes all waiting threads.
    public func broadcast() { pthread_cond_broadcast(condition) }
}
