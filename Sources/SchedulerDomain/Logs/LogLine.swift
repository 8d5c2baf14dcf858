/// One line of what an attempt said.
public struct LogLine: Sendable, Hashable {
    /// From 1 within the attempt, in the order in which the lines were said.
    public var number: Int
    /// When the worker took it, by the worker's clock.
    public var time: UTCInstant
    public var stream: LogStream
    /// Valid UTF-8 without NUL and without a line feed; each becomes U+FFFD.
    public let text: String

    public init(number: Int, time: UTCInstant, stream: LogStream, text: String) {
        self.number = number
        self.time = time
        self.stream = stream
        let isPlain = !text.utf8.contains { $0 == 0 || $0 == 0x0A }
        self.text =
            isPlain
            ? text
            : String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" || $0 == "\n" ? "\u{FFFD}" : $0 }))
    }
}
