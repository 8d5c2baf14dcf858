import SchedulerTestingUtils
import Synchronization

/// What happened in one simulation, line by line: its end for people, its digest to compare histories.
final class History: Sendable {
    private struct State {
        var lines: [String] = []
        var first = 0
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        var count = 0
        var violations: [String] = []
    }

    /// How many lines are kept.
    private static let kept = 400

    private let simulator: Simulator
    private let prints: Bool
    private let state = Mutex(State())

    init(_ simulator: Simulator, prints: Bool) {
        self.simulator = simulator
        self.prints = prints
    }

    func note(_ process: String, _ what: String) {
        let line = "\(milliseconds(simulator.elapsed)) \(process): \(what)"
        if prints { print(line) }
        state.withLock { state in
            // FNV-1a: any change of any line changes it.
            for byte in line.utf8 { state.digest = (state.digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
            state.count += 1
            state.lines.append(line)
            if state.lines.count > 2 * History.kept { state.lines.removeFirst(History.kept) }
        }
    }

    /// Shows a line that is no part of the history.
    func show(_ line: String) {
        if prints { print("\(milliseconds(simulator.elapsed))     \(line)") }
    }

    /// Notes that the promise is broken.
    func violation(_ what: String) {
        note("!", what)
        state.withLock { $0.violations.append(what) }
    }

    var violations: [String] { state.withLock { $0.violations } }
    var digest: UInt64 { state.withLock { $0.digest } }
    /// How many calls, faults and ends of processes there were.
    var steps: Int { state.withLock { $0.count } }
    /// The last lines, oldest first.
    var end: [String] { state.withLock { Array($0.lines.suffix(History.kept)) } }

    private func milliseconds(_ time: Duration) -> String {
        let micros = time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000
        let text = String(micros % 1_000)
        return "\(micros / 1_000).\(String(repeating: "0", count: 3 - text.count))\(text)ms"
    }
}
