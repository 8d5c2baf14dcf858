import SchedulerDomain
import SchedulerErrors

/// Reads the messages of a program from the lines of its output.
///
/// Lines come in pieces where they are long (`LineSplitter.lineLimit`), but a result may be longer than a line of a log.
/// So a piece that could go on is kept until the message is whole, or too long to be one.
struct CustomReader: Sendable {
    /// The longest message, in bytes.
    static let messageLimit = 1_024 * 1_024

    enum Output: Sendable, Hashable {
        case event(CustomProtocol.Event)
        /// No message.
        case line(String)
    }

    private var pieces: [String] = []
    private var size = 0

    init() {}

    /// Takes the next line of the standard output and returns what is complete.
    mutating func take(_ line: String) -> [Output] {
        guard !pieces.isEmpty || line.utf8.first == UInt8(ascii: "{") else { return [.line(line)] }
        pieces.append(line)
        size += line.utf8.count
        let isBroken = line.utf8.count > LineSplitter.lineLimit - 4
        if isBroken, size <= CustomReader.messageLimit { return [] }
        return finish()
    }

    /// Returns what is left where the output has ended.
    mutating func finish() -> [Output] {
        guard !pieces.isEmpty else { return [] }
        defer { (pieces, size) = ([], 0) }
        if size <= CustomReader.messageLimit, let event = CustomProtocol.event(pieces.joined()) {
            return [.event(event)]
        }
        return pieces.map { .line($0) }
    }
}
