import SchedulerDomain
import Synchronization

/// Keeps what an attempt says.
final class HeardOutput: RunOutput {
    struct Line: Sendable, Equatable {
        var stream: LogStream
        var text: String
    }

    private let heard = Mutex<(lines: [Line], progress: [Int])>(([], []))

    var lines: [Line] { heard.withLock { $0.lines } }
    var progress: [Int] { heard.withLock { $0.progress } }

    func lines(of stream: LogStream) -> [String] { lines.filter { $0.stream == stream }.map(\.text) }
    func write(_ line: String, to stream: LogStream) {
        heard.withLock { $0.lines.append(.init(stream: stream, text: line)) }
    }
    func progress(_ percent: Int) { heard.withLock { $0.progress.append(percent) } }
}
