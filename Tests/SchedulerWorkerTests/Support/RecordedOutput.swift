import SchedulerDomain
import Synchronization

/// Remembers what an attempt said.
final class RecordedOutput: RunOutput {
    struct Line: Sendable, Equatable {
        var stream: LogStream
        var text: String

        init(_ stream: LogStream, _ text: String) {
            self.stream = stream
            self.text = text
        }
    }

    private let state = Mutex<(lines: [Line], progress: [Int])>(([], []))

    var lines: [Line] { state.withLock { $0.lines } }
    var progress: [Int] { state.withLock { $0.progress } }

    func write(_ line: String, to stream: LogStream) { state.withLock { $0.lines.append(Line(stream, line)) } }
    func progress(_ percent: Int) { state.withLock { $0.progress.append(percent) } }
}
