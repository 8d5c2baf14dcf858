/// How fast one attempt may add to its log: two token buckets, of lines and of bytes.
///
/// Once it has said too much it waits until half of a burst is there again, so that a flood leaves whole passages with
/// gaps between them and not every thousandth line.
struct LogRate: Sendable {
    /// A burst is what two seconds allow.
    static let burstSeconds = 2.0

    private let linesPerSecond: Double
    private let bytesPerSecond: Double
    private var lines: Double
    private var bytes: Double
    private var filledAt: ContinuousClock.Instant?
    private var isWaiting = false

    init(linesPerSecond: Int, bytesPerSecond: Int) {
        self.linesPerSecond = Double(linesPerSecond)
        self.bytesPerSecond = Double(bytesPerSecond)
        lines = self.linesPerSecond * LogRate.burstSeconds
        bytes = self.bytesPerSecond * LogRate.burstSeconds
    }

    /// Takes one line of a size if the rate allows it now.
    mutating func take(_ size: Int, at now: ContinuousClock.Instant) -> Bool {
        guard allows(size, at: now) else { return false }
        spend(size)
        return true
    }

    /// Whether one line of a size may pass now.
    mutating func allows(_ size: Int, at now: ContinuousClock.Instant) -> Bool {
        fill(at: now)
        let (lineBurst, byteBurst) = (linesPerSecond * LogRate.burstSeconds, bytesPerSecond * LogRate.burstSeconds)
        if isWaiting { isWaiting = lines < lineBurst / 2 || bytes < byteBurst / 2 }
        // A line beyond half a burst passes too, and the bucket owes the rest.
        if lines < 1 || bytes < min(Double(size), byteBurst / 2) { isWaiting = true }
        return !isWaiting
    }

    mutating func spend(_ size: Int) {
        lines -= 1
        bytes -= Double(size)
    }

    private mutating func fill(at now: ContinuousClock.Instant) {
        defer { filledAt = now }
        guard let filledAt, filledAt < now else { return }
        let seconds = filledAt.duration(to: now) / .seconds(1)
        lines = min(lines + linesPerSecond * seconds, linesPerSecond * LogRate.burstSeconds)
        bytes = min(bytes + bytesPerSecond * seconds, bytesPerSecond * LogRate.burstSeconds)
    }
}
