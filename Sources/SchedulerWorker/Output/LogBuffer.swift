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
    /// What the worker's memory was charged for the lines here.
    private var charged = 0
    private var readyCost = 0
    private(set) var readyBytes = 0
    private var heldBytes = 0
    private var heldCost = 0
    private var cutLines = 0
    private var cutBytes = 0
    /// The part for the beginning is full.
    private var isHeadFull = false
    /// There was no memory for a ready line; asked again when some may be free, so that what is kept stays in passages.
    private var isStalled = false
    private(set) var isClosed = false

    init(_ configuration: LogLimits, memory: LogMemory, limit: Int = ResourceLimits.standardOutputBytes) {
        self.configuration = configuration
        self.memory = memory
        self.limit = limit
        rate = LogRate(
            linesPerSecond: configuration.linesPerSecond, bytesPerSecond: configuration.bytesPerSecond)
    }

    /// What the lines here take of the worker's memory.
    var memoryBytes: Int { charged }
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
        if held.isEmpty, readyCostIsSpent(for: line, fromHeld: false, at: now) {
            append(line)
            return
        }
        held.append(line)
        heldBytes += line.bytes
        heldCost += line.cost
        while heldBytes > tailLimit || heldCost > configuration.tailBytes || !settleMemory() { cutOldest() }
        releaseHeld(at: now)
    }

    /// Takes nothing more; what is held becomes ready.
    mutating func close(time: UTCInstant) {
        guard !isClosed else { return }
        isClosed = true
        while let line = popHeld() {
            readyCost += line.cost
            append(line)
        }
        if cutLines > 0 { markCut(time: time) }
        _ = settleMemory(isForced: true)
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
        readyCost -= inFlight.reduce(0) { $0 + $1.cost }
        inFlight = []
        _ = settleMemory()
        refresh(at: now)
    }

    /// Looks again what may become ready.
    mutating func refresh(at now: ContinuousClock.Instant) {
        isStalled = false
        releaseHeld(at: now)
    }

    /// Forgets all lines.
    mutating func discard() {
        (ready, held, inFlight) = ([], [], [])
        (readyCost, readyBytes, heldBytes, heldCost) = (0, 0, 0, 0)
        isClosed = true
        _ = settleMemory()
    }

    /// Makes held lines ready, the oldest first, as far as they may be.
    private mutating func releaseHeld(at now: ContinuousClock.Instant) {
        while let line = held.first, readyCostIsSpent(for: line, fromHeld: true, at: now) {
            held.removeFirst()
            heldBytes -= line.bytes
            append(line)
        }
    }

    /// Takes the place of a ready line where there is room for it in the log, the rate and the memory; else nothing.
    private mutating func readyCostIsSpent(
        for line: Held, fromHeld: Bool, at now: ContinuousClock.Instant
    ) -> Bool {
        if keptBytes + line.bytes > limit - tailLimit { isHeadFull = true }
        guard !isHeadFull, !isStalled, rate.allows(line.bytes, at: now) else { return false }
        readyCost += line.cost
        if fromHeld { heldCost -= line.cost }
        guard readyCost <= configuration.readyBytes, settleMemory() else {
            isStalled = true
            readyCost -= line.cost
            if fromHeld { heldCost += line.cost }
            return false
        }
        rate.spend(line.bytes)
        return true
    }

    /// Makes the line the next one, behind the mark of what was cut before it.
    private mutating func append(_ line: Held) {
        if cutLines > 0 { markCut(time: line.time) }
        keptBytes += line.bytes
        number(line)
    }

    private mutating func markCut(time: UTCInstant) {
        let lines = cutLines == 1 ? "1 line" : "\(cutLines) lines"
        let mark = Held(time: time, stream: .system, text: "[… \(lines) with \(cutBytes) bytes cut …]")
        (cutLines, cutBytes) = (0, 0)
        readyCost += mark.cost
        _ = settleMemory(isForced: true)
        number(mark)
    }

    private mutating func number(_ line: Held) {
        ready.append(LogLine(number: nextNumber, time: line.time, stream: line.stream, text: line.text))
        nextNumber += 1
        readyBytes += line.bytes
    }

    private mutating func cutOldest() {
        guard let line = popHeld() else { return }
        cutLines += 1
        cutBytes += line.bytes
    }

    private mutating func popHeld() -> Held? {
        guard let line = held.popFirst() else { return nil }
        heldBytes -= line.bytes
        heldCost -= line.cost
        return line
    }

    /// Takes from the worker's memory, or gives back, what the lines here cost now.
    ///
    /// A little of what is held is free, and the last line in any case, so that each attempt keeps its last words even
    /// where others hold all the memory there is.
    ///
    /// - Returns: false where there is not enough; then nothing changed.
    private mutating func settleMemory(isForced: Bool = false) -> Bool {
        let free = max(configuration.guaranteedBytes, held.last?.cost ?? 0)
        let wanted = readyCost + max(0, heldCost - free)
        if wanted < charged {
            memory.give(back: charged - wanted)
        } else if wanted > charged {
            guard memory.take(wanted - charged, isForced: isForced) else { return false }
        }
        charged = wanted
        return true
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
