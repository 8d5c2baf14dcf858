import Glibc
import SchedulerDomain
import SchedulerFoundation
import Synchronization

/// What one attempt says, from any thread, until the store has it.
final class RunLog: RunOutput {
    /// What the store is to be given next.
    enum Work: Sendable {
        case chunk(LogChunk)
        case progress(Int)
    }

    fileprivate struct State {
        var buffer: LogBuffer
        /// Somebody hands this log to the store now.
        var isShipping = false
        /// It was asked for since the last look at it.
        var isAskedFor = false
        var progress = 0
        var shippedProgress = 0
        var nextProgress: ContinuousClock.Instant?
    }

    let attempt: RunAttempt
    let tenant: TenantID
    /// Fires when the log is closed and nothing of it waits.
    let drained = Latch<Void>()
    private let state: Mutex<State>
    private let limits: LogLimits
    private let clock: any SchedulerClock
    private let wake: @Sendable (RunLog) -> Void

    /// - Parameter wake: called when the log should be shipped soon.
    init(
        attempt: RunAttempt, tenant: TenantID, limits: LogLimits, memory: LogMemory, clock: any SchedulerClock,
        wake: @escaping @Sendable (RunLog) -> Void
    ) {
        self.attempt = attempt
        self.tenant = tenant
        self.limits = limits
        self.clock = clock
        self.wake = wake
        state = Mutex(State(buffer: LogBuffer(limits, memory: memory)))
    }

    /// Sets how much is kept in all, in bytes; before the first line.
    func setLimit(_ bytes: Int) { state.withLock { $0.buffer.setLimit(bytes) } }

    func write(_ line: String, to stream: LogStream) {
        guard line.isPlainLine else {
            // A function may write what it likes; here it becomes lines.
            var text = line
            var splitter = LineSplitter()
            text.withUTF8 { bytes in
                splitter.append(UnsafeRawBufferPointer(bytes)) { write(plain: $0, to: stream) }
            }
            splitter.finish { write(plain: $0, to: stream) }
            return
        }
        write(plain: line, to: stream)
    }

    private func write(plain line: String, to stream: LogStream) {
        let (time, now) = (clock.now, MonotonicClock.now)
        let isUrgent = state.withLock { state in
            state.buffer.write(line, to: stream, time: time, at: now)
            guard !state.isShipping, !state.isAskedFor, state.buffer.readyBytes >= limits.chunkBytes else {
                return false
            }
            state.isAskedFor = true
            return true
        }
        if isUrgent { wake(self) }
    }

    func progress(_ percent: Int) {
        state.withLock { $0.progress = max($0.progress, min(percent, 100)) }
    }

    /// Takes nothing more; all that is kept becomes ready.
    func close() {
        let time = clock.now
        state.withLock { $0.buffer.close(time: time) }
    }

    /// Whether it is closed and the store has all of it.
    var isDrained: Bool { state.withLock { $0.buffer.isClosed && $0.buffer.isEmpty && !$0.hasProgress } }

    /// How many lines wait here.
    var lineCount: Int { state.withLock { $0.buffer.lineCount } }

    /// What waits here takes of the worker's memory.
    var memoryBytes: Int { state.withLock { $0.buffer.memoryBytes } }

    /// Begins to ship, if there is something and nobody does.
    func beginShipping() -> Bool {
        let now = MonotonicClock.now
        return state.withLock { state in
            state.isAskedFor = false
            state.buffer.refresh(at: now)
            guard !state.isShipping, state.buffer.hasReady || state.isProgressDue(at: now) else { return false }
            state.isShipping = true
            return true
        }
    }

    /// Returns what is next, the same until it is `shipped`; nil ends the shipping.
    func nextWork() -> Work? {
        let now = MonotonicClock.now
        return state.withLock { state in
            if let lines = state.buffer.chunk() {
                return .chunk(LogChunk(attempt: attempt, tenant: tenant, lines: lines))
            }
            if state.isProgressDue(at: now) { return .progress(state.progress) }
            state.isShipping = false
            return nil
        }
    }

    /// The store has it, or never will.
    func shipped(_ work: Work) {
        let now = MonotonicClock.now
        state.withLock { state in
            switch work {
            case .chunk:
                state.buffer.shipped(at: now)
            case .progress(let percent):
                state.shippedProgress = percent
                state.nextProgress = now + limits.progressInterval
            }
        }
    }

    /// Ends the shipping before its time.
    func pauseShipping() { state.withLock { $0.isShipping = false } }

    /// Forgets what waits.
    func discard() {
        state.withLock { state in
            state.buffer.discard()
            state.shippedProgress = state.progress
        }
    }
}

extension RunLog.State {
    fileprivate var hasProgress: Bool { progress > shippedProgress }

    /// The last progress is due at the end.
    fileprivate func isProgressDue(at now: ContinuousClock.Instant) -> Bool {
        hasProgress && (buffer.isClosed || nextProgress.map { $0 <= now } ?? true)
    }
}

extension String {
    /// Whether it is one line of a bearable length.
    fileprivate var isPlainLine: Bool {
        guard utf8.count <= LineSplitter.resultLineLimit else { return false }
        let isPlain = utf8.withContiguousStorageIfAvailable { bytes in
            guard let base = bytes.baseAddress else { return true }
            return memchr(base, Int32(UInt8(ascii: "\n")), bytes.count) == nil
        }
        return isPlain ?? !utf8.contains(UInt8(ascii: "\n"))
    }
}
