import DequeModule
import SchedulerDomain
import SchedulerFoundation

/// What is kept of one attempt's output, and what waits for the store.
///
/// A line that comes is *ready* at once where the log has room, the rate allows it and the store keeps up: it gets its
/// number and leaves with the next chunk. Else it is *held* among the latest lines. Where those become too many the
/// oldest is *cut*. Held lines become ready when they may, behind a line of the system that says how much was cut
/// before them; the last ones do at the attempt's end, whatever the rate. So the beginning of an output is always kept,
/// the end too, and each gap is marked.
struct LogBuffer {
    fileprivate struct Held {
        var time: UTCInstant
        var stream: LogStream
        var text: String
    }

    private let configuration: LogLimits
    private let memory: LogMemory
    private var limit: Int
    private var rate: LogRate
    private var ready: Deque<LogLine> = []
    private var held: Deque<Held> = []
    /// The chunk that the store is given now.
    private var inFlight: [LogLine] = []
    private var nextNumber = 1
    /// What became ready, in bytes of the log.
    private var keptBytes = 0
    /// The memory of all lines here.
    private var cost = 0
    private var readyCost = 0
    private(set) var readyBytes = 0
    private var heldBytes = 0
    private var heldCost = 0
    private var cutLines = 0
    private var cutBytes = 0
    /// The part for the beginning is full.
    private var isHeadFull = false
    private(set) var isClosed = false

    init(_ configuration: LogLimits, memory: LogMemory, limit: Int = ResourceLimits.standardOutputBytes) {
        self.configuration = configuration
        self.memory = memory
        self.limit = limit
        rate = LogRate(
            linesPerSecond: configuration.linesPerSecond, bytesPerSecond: configuration.bytesPerSecond)
    }

    /// Nothing waits for the store.
    var isEmpty: Bool { ready.isEmpty && inFlight.isEmpty && held.isEmpty }
    /// Lines that may go to the store now.
    var hasReady: Bool { !ready.isEmpty || !inFlight.isEmpty }
    var lineCount: Int { ready.count + inFlight.count + held.count }

    /// Sets how much is kept in all.
    mutating func setLimit(_ bytes: Int) { limit = bytes }

    private var tailLimit: Int { min(limit / 2, configuration.tailBytes) }

    mutating func write(
        _ text: String, to stream: LogStream, time: UTCInstant, at now: ContinuousClock.Instant
    ) {
        guard !isClosed else { return }
        let line = Held(time: time, stream: stream, text: text)
        guard reserve(line) else {
            cut(line)
            return
        }
        if held.isEmpty, mayBeReady(line, at: now) {
            makeReady(line)
            return
        }
        held.append(line)
        heldBytes += line.bytes
        heldCost += line.cost
        releaseHeld(at: now)
        while heldBytes > tailLimit || heldCost > configuration.tailBytes { cutOldest() }
    }

    /// Takes nothing more; what is held becomes ready.
    mutating func close(time: UTCInstant) {
        guard !isClosed else { return }
        isClosed = true
        while let line = popHeld() { makeReady(line) }
        if cutLines > 0 { markCut(time: time) }
    }

    /// Returns the next chunk's lines, the same until it is `shipped`; nil where none are ready.
    mutating func chunk() -> [LogLine]? {
        if inFlight.isEmpty {
            var bytes = 0
            while let line = ready.first, bytes < configuration.chunkBytes, inFlight.count < configuration.chunkLines {
                bytes += line.bytes
                inFlight.append(line)
                ready.removeFirst()
            }
            readyBytes -= bytes
        }
        return inFlight.isEmpty ? nil : inFlight
    }

    /// The chunk is in the store, or never will be.
    mutating func shipped(at now: ContinuousClock.Instant) {
        let freed = inFlight.reduce(0) { $0 + $1.cost }
        inFlight = []
        readyCost -= freed
        free(freed)
        releaseHeld(at: now)
    }

    /// Forgets all lines.
    mutating func discard() {
        free(cost)
        (ready, held, inFlight) = ([], [], [])
        (readyCost, readyBytes, heldBytes, heldCost) = (0, 0, 0, 0)
        isClosed = true
    }

    /// Makes held lines ready, the oldest first, as far as they may be.
    mutating func releaseHeld(at now: ContinuousClock.Instant) {
        while let line = held.first, mayBeReady(line, at: now) {
            _ = popHeld()
            makeReady(line)
        }
    }

    private mutating func mayBeReady(_ line: Held, at now: ContinuousClock.Instant) -> Bool {
        if keptBytes + line.bytes > limit - tailLimit { isHeadFull = true }
        return !isHeadFull && readyCost + line.cost <= configuration.readyBytes && rate.take(line.bytes, at: now)
    }

    private mutating func makeReady(_ line: Held) {
        if cutLines > 0 { markCut(time: line.time) }
        keptBytes += line.bytes
        append(line)
    }

    private mutating func append(_ line: Held) {
        ready.append(LogLine(number: nextNumber, time: line.time, stream: line.stream, text: line.text))
        nextNumber += 1
        readyCost += line.cost
        readyBytes += line.bytes
    }

    private mutating func markCut(time: UTCInstant) {
        let lines = cutLines == 1 ? "1 line" : "\(cutLines) lines"
        let mark = Held(time: time, stream: .system, text: "[… \(lines) with \(cutBytes) bytes cut …]")
        (cutLines, cutBytes) = (0, 0)
        _ = memory.take(mark.cost, isGuaranteed: true)
        cost += mark.cost
        append(mark)
    }

    /// Takes memory for a line, at the expense of those held before it.
    ///
    /// - Returns: false where there is none; then nothing is held, so that the cut stands in one place.
    private mutating func reserve(_ line: Held) -> Bool {
        while !memory.take(line.cost, isGuaranteed: cost + line.cost <= configuration.guaranteedBytes) {
            guard !held.isEmpty else { return false }
            cutOldest()
        }
        cost += line.cost
        return true
    }

    private mutating func cutOldest() {
        guard let line = popHeld() else { return }
        free(line.cost)
        cut(line)
    }

    private mutating func cut(_ line: Held) {
        cutLines += 1
        cutBytes += line.bytes
    }

    private mutating func popHeld() -> Held? {
        guard let line = held.popFirst() else { return nil }
        heldBytes -= line.bytes
        heldCost -= line.cost
        return line
    }

    private mutating func free(_ bytes: Int) {
        cost -= bytes
        memory.give(back: bytes)
    }
}

/// What one line costs beside its text, about.
private let lineOverhead = 64

extension LogBuffer.Held {
    /// In the log, with its line break.
    fileprivate var bytes: Int { text.utf8.count + 1 }
    /// In memory.
    fileprivate var cost: Int { text.utf8.count + lineOverhead }
}

extension LogLine {
    fileprivate var bytes: Int { text.utf8.count + 1 }
    fileprivate var cost: Int { text.utf8.count + lineOverhead }
}
