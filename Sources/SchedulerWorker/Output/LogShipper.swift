import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// Brings the logs and the progress of a worker's attempts to the store.
///
/// Chunks of one attempt go one after the other, so that a reader who follows sees no gap; those of all attempts go
/// together, in batches. While the store is away each log keeps what it may and marks what it cut.
final class LogShipper: Sendable {
    /// The most chunks in one append.
    private static let batch = 64

    private struct State {
        var logs: [RunAttempt: RunLog] = [:]
        /// Logs that do not wait for the next round.
        var urgent: [RunLog] = []
        var isFailing = false
        var ended: EndedLogs
        var lost = Loss()
    }

    /// What the store will never have.
    private struct Loss {
        var attempts = 0
        var lines = 0

        mutating func add(_ logs: [RunLog]) {
            attempts += logs.count
            lines += logs.reduce(0) { $0 + $1.lineCount }
        }
    }

    private let state: Mutex<State>
    private let signal = Signal()
    private let memory: LogMemory
    private let limits: LogLimits
    private let appends: Batcher<LogChunk, Void>
    private let progresses: Batcher<(attempt: RunAttempt, percent: Int), Void>
    private let clock: any SchedulerClock
    private let logger: Logger

    init(_ logs: any RunLogRepository, limits: LogLimits, clock: any SchedulerClock, logger: Logger) {
        self.limits = limits
        self.clock = clock
        self.logger = logger
        memory = LogMemory(limit: limits.memoryBytes)
        // Half, so that what the ended hold never keeps those that run from saying anything.
        state = Mutex(
            State(ended: EndedLogs(byteLimit: limits.memoryBytes / 2, countLimit: limits.endedLogs)))
        appends = Batcher(
            "writing logs", maxBatch: LogShipper.batch, isItemFault: { ($0 as? SchedulerError)?.code == .database }
        ) { chunks in
            try await logs.append(chunks)
            return chunks.map { _ in }
        }
        progresses = Batcher("noting progress") { said in
            try await logs.setProgress(Dictionary(said.map { ($0.attempt, $0.percent) }, uniquingKeysWith: max))
            return said.map { _ in }
        }
    }

    /// The memory of all lines that wait, in bytes.
    var heldBytes: Int { memory.used }

    /// Whether the store has all that was said.
    var isEmpty: Bool { state.withLock { $0.logs.isEmpty } }

    /// Makes the log of an attempt.
    func open(_ claimed: ClaimedRun) -> RunLog {
        let log = RunLog(
            attempt: claimed.attempt, tenant: claimed.tenant, limits: limits, memory: memory, clock: clock,
            wake: { [weak self] in self?.hurry($0) })
        state.withLock { $0.logs[claimed.attempt] = log }
        return log
    }

    /// Closes a log and waits until the store has all of it, within bounds; what is late follows by itself.
    func finish(_ log: RunLog) async {
        log.close()
        let size = log.memoryBytes
        giveUp(state.withLock { state in state.ended.add(log.attempt, bytes: size).compactMap { state.logs[$0] } })
        guard !log.isDrained else {
            forget(log)
            return
        }
        hurry(log)
        await withTaskGroup { group in
            group.addTask { _ = await log.drained.wait() }
            // A cancelled sleep ends the wait like one that is over.
            group.addTask { [limits] in try? await MonotonicClock.sleep(for: limits.patience) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ships until it is cancelled; what the store does not have by then is lost, and counted in the log.
    func run() async {
        await withDiscardingTaskGroup { group in
            var nextRound = MonotonicClock.now
            while !Task.isCancelled {
                await signal.wait(atMost: MonotonicClock.now.duration(to: nextRound))
                var logs = state.withLock { state in
                    defer { state.urgent = [] }
                    return state.urgent
                }
                if MonotonicClock.now >= nextRound {
                    nextRound = MonotonicClock.now + limits.interval
                    logs = state.withLock { Array($0.logs.values) }
                }
                for log in logs where log.beginShipping() { group.addTask { await self.ship(log) } }
            }
        }
        let left = state.withLock { Array($0.logs.values) }.filter { $0.lineCount > 0 }
        state.withLock { $0.lost.add(left) }
        tellLoss()
        for log in left { log.discard() }
    }

    /// Makes room for the logs of others.
    private func giveUp(_ logs: [RunLog]) {
        guard !logs.isEmpty else { return }
        let isFirst = state.withLock { state in
            defer { state.lost.add(logs) }
            return state.lost.attempts == 0
        }
        if isFirst { logger.warning("Output of tasks waits for the store for too long, and the oldest is given up") }
        for log in logs {
            log.discard()
            forget(log)
        }
    }

    /// Tells how much was lost since it was told last, if anything.
    private func tellLoss() {
        let lost = state.withLock { state in
            defer { state.lost = Loss() }
            return state.lost
        }
        guard lost.attempts > 0 else { return }
        logger.warning(
            "\(lost.lines) lines of output of \(lost.attempts) attempts are lost: the store could not be reached in time",
            metadata: [LogKey.count: "\(lost.lines)"])
    }

    private func hurry(_ log: RunLog) {
        state.withLock { $0.urgent.append(log) }
        signal.set()
    }

    private func forget(_ log: RunLog) {
        state.withLock { state in
            state.logs[log.attempt] = nil
            state.ended.remove(log.attempt)
        }
        log.drained.fire(())
    }

    /// Hands what is ready to the store, one thing after the other.
    private func ship(_ log: RunLog) async {
        // Short, since an outcome may wait for the log.
        var backoff = Backoff(limit: .seconds(1))
        while let work = log.nextWork() {
            do {
                switch work {
                case .chunk(let chunk): try await appends.submit(chunk)
                case .progress(let percent): try await progresses.submit((log.attempt, percent))
                }
                log.shipped(work)
                backoff.reset()
                state.withLock { $0.isFailing = false }
                tellLoss()
            } catch let error as SchedulerError where error.isTransient {
                noteFailure(error)
                do {
                    try await MonotonicClock.sleep(for: backoff.next())
                } catch {
                    log.pauseShipping()
                    return
                }
            } catch {
                refuse(work, of: log, error)
            }
        }
        if log.isDrained { forget(log) }
    }

    private func noteFailure(_ error: any Error) {
        let isFirst = state.withLock { state in
            defer { state.isFailing = true }
            return !state.isFailing
        }
        if isFirst { logger.warning("Output of tasks cannot be written yet: \(String(reflecting: error))") }
    }

    /// The store cannot keep it, and never will; the attempt goes on without.
    private func refuse(_ work: RunLog.Work, of log: RunLog, _ error: any Error) {
        log.shipped(work)
        let what =
            switch work {
            case .chunk(let chunk): "\(chunk.lines.count) lines of output"
            case .progress: "the progress"
            }
        logger.error(
            "The store refuses \(what) of run \(log.attempt.run): \(String(reflecting: error))",
            metadata: [LogKey.runID: "\(log.attempt.run)", LogKey.attempt: "\(log.attempt.attempt)"])
    }
}
