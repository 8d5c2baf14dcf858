import DequeModule
import SchedulerErrors

/// Threads that run blocking calls, all taking closures from one bounded queue.
///
/// Each thread owns one resource (a database session, a file), which it makes by itself and which never leaves it. So
/// the queue is the pool: whoever needs a resource hands in a closure and is served by the first thread that is free.
///
/// The threads end with `shutdown`, or when the last reference is gone.
public final class BlockingThreads<Resource>: Sendable {
    /// A snapshot of the load.
    public struct Load: Sendable, Hashable {
        public var threads: Int
        public var busy: Int
        public var waiting: Int
    }

    private let monitor: Monitor<BlockingQueue<Resource>>
    /// Whether the expiring thread shall end.
    ///
    /// A monitor of its own, so that a signal for a serving thread never wakes that one in its place.
    private let expiry = Monitor(false)
    private let name: String
    private let capacity: Int
    private let waitLimit: Duration

    /// - Parameters:
    ///   - name: of the queue in errors.
    ///   - count: how many threads, at least 1.
    ///   - capacity: how many closures may wait; beyond it `run` throws `overloaded`.
    ///   - waitLimit: how long a closure may wait for a thread before `run` throws `overloaded`.
    ///   - makeResource: called once on each thread, at its start.
    public init(
        _ name: String,
        count: Int,
        capacity: Int,
        waitLimit: Duration,
        makeResource: @escaping @Sendable () -> Resource
    ) {
        precondition(count > 0 && capacity > 0, "\(name) needs a thread and a place to wait")
        self.name = name
        self.capacity = capacity
        self.waitLimit = waitLimit
        let monitor = Monitor(BlockingQueue<Resource>(threads: count))
        self.monitor = monitor
        for _ in 0..<count { BlockingThread.startRequired(named: name) { serve(monitor, makeResource) } }
        BlockingThread.startRequired(named: "\(name)-expiry") { [expiry] in
            expireWaiting(in: monitor, until: expiry, name, waitLimit)
        }
    }

    deinit { stop() }

    public var load: Load {
        monitor.withLock { Load(threads: $0.threads, busy: $0.busy, waiting: $0.jobs.count) }
    }

    /// Runs a closure on one of the threads and returns its result.
    ///
    /// A caller that is cancelled while its closure waits leaves the queue; once begun, the closure ends by itself.
    /// - Throws: `overloaded` when the queue is full or the wait took too long, `unavailable` after the shutdown,
    ///   `CancellationError`; else what the closure throws.
    public func run<Output: Sendable>(
        _ body: @escaping @Sendable (inout Resource) throws -> Output
    ) async throws -> Output {
        let ticket = monitor.withLock { $0.nextTicket() }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                submit(
                    BlockingQueue.Job(
                        ticket: ticket,
                        deadline: .after(waitLimit),
                        run: { resource in
                            let result = Result { try body(&resource) }
                            return { continuation.resume(with: result) }
                        },
                        fail: { continuation.resume(throwing: $0) }))
            }
        } onCancel: {
            monitor.withLock { $0.remove(ticket) }?.fail(CancellationError())
        }
    }

    /// Takes no more closures, fails those that wait, and returns when those under way have ended.
    public func shutdown() async {
        stop()
        await withCheckedContinuation { continuation in
            let isStopped = monitor.withLock { queue in
                if queue.alive > 0 { queue.stopped.append(continuation) }
                return queue.alive == 0
            }
            if isStopped { continuation.resume() }
        }
    }

    private func submit(_ job: BlockingQueue<Resource>.Job) {
        let refusal: SchedulerError? = monitor.withLock { queue in
            if queue.isStopping { return SchedulerError(.unavailable, "\(name) is shut down") }
            if queue.jobs.count >= capacity {
                return SchedulerError(.overloaded, "\(name): too many calls wait; try again in a moment")
            }
            queue.jobs.append(job)
            return nil
        }
        if let refusal { job.fail(refusal) } else { monitor.signal() }
    }

    private func stop() {
        let waiting = monitor.withLock { queue in
            queue.isStopping = true
            defer { queue.jobs.removeAll() }
            return Array(queue.jobs)
        }
        monitor.broadcast()
        expiry.withLock { $0 = true }
        expiry.signal()
        for job in waiting { job.fail(SchedulerError(.unavailable, "\(name) is shut down")) }
    }
}

/// What the threads share; guarded by their monitor.
struct BlockingQueue<Resource> {
    struct Job: Sendable {
        var ticket: UInt64
        var deadline: MonotonicInstant
        /// Runs the body and returns how to answer its caller, which is done after the thread is free again.
        var run: @Sendable (inout Resource) -> @Sendable () -> Void
        var fail: @Sendable (any Error) -> Void
    }

    let threads: Int
    var jobs: Deque<Job> = []
    var busy = 0
    /// Serving threads that have not ended.
    var alive: Int
    var isStopping = false
    var stopped: [CheckedContinuation<Void, Never>] = []
    private var tickets: UInt64 = 0

    init(threads: Int) {
        self.threads = threads
        alive = threads
    }

    mutating func nextTicket() -> UInt64 {
        tickets += 1
        return tickets
    }

    mutating func remove(_ ticket: UInt64) -> Job? {
        jobs.firstIndex { $0.ticket == ticket }.map { jobs.remove(at: $0) }
    }
}

/// The body of a serving thread.
private func serve<Resource>(
    _ monitor: Monitor<BlockingQueue<Resource>>, _ makeResource: @Sendable () -> Resource
) {
    var resource: Resource? = makeResource()
    while let job = nextJob(monitor), var current = resource.take() {
        let answer = job.run(&current)
        resource = current
        monitor.withLock { $0.busy -= 1 }
        answer()
    }
    // The resource is closed here, on its own thread, before anybody is told that the threads have ended.
    resource = nil
    let waiting = monitor.withLock { queue in
        queue.alive -= 1
        guard queue.alive == 0 else { return [CheckedContinuation<Void, Never>]() }
        defer { queue.stopped.removeAll() }
        return queue.stopped
    }
    for continuation in waiting { continuation.resume() }
}

private func nextJob<Resource>(_ monitor: Monitor<BlockingQueue<Resource>>) -> BlockingQueue<Resource>.Job? {
    let next: BlockingQueue<Resource>.Job?? = monitor.wait { queue in
        if let job = queue.jobs.popFirst() {
            queue.busy += 1
            return .some(job)
        }
        return queue.isStopping ? .some(nil) : nil
    }
    return next ?? nil
}

/// The body of the thread that ends waits which took too long.
///
/// All wait equally long, so the first in the queue is the first to expire; and what arrives while the queue is empty
/// cannot expire before one whole limit has passed, so nobody needs to wake this thread.
private func expireWaiting<Resource>(
    in monitor: Monitor<BlockingQueue<Resource>>, until end: Monitor<Bool>, _ name: String, _ limit: Duration
) {
    var wakeUp = MonotonicInstant.after(limit)
    while true {
        let isEnding = end.wait(until: wakeUp) { $0 ? true : nil } ?? false
        if isEnding { return }
        let expired = monitor.withLock { queue in
            var expired: [BlockingQueue<Resource>.Job] = []
            while let job = queue.jobs.first, job.deadline.hasPassed {
                expired.append(job)
                queue.jobs.removeFirst()
            }
            wakeUp = queue.jobs.first?.deadline ?? .after(limit)
            return expired
        }
        for job in expired {
            job.fail(SchedulerError(.overloaded, "\(name): no call could be served within \(limit); try again later"))
        }
    }
}
