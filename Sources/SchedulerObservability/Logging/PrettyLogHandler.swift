public import Logging
public import SchedulerFoundation

/// Writes log lines for people at a terminal: `12:34:56.789 INFO    scheduler: Run completed  run.id=… attempt.number=1`.
public struct PrettyLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let isColored: Bool
    private let writer: any LogWriter
    private let clock: any SchedulerClock

    /// - Parameters:
    ///   - label: the logger's label.
    ///   - level: the least level that is written.
    ///   - isColored: whether levels and keys are coloured, with the codes of ECMA-48.
    public init(
        label: String,
        level: Logger.Level,
        isColored: Bool,
        writer: any LogWriter,
        clock: any SchedulerClock = SystemClock(),
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        logLevel = level
        self.isColored = isColored
        self.writer = writer
        self.clock = clock
        self.metadataProvider = metadataProvider
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        // Whoever looks on knows the day; the time is UTC as everywhere else.
        line.append(contentsOf: LogText.timestamp(clock.now).dropFirst(11).dropLast().utf8)
        let name = event.level.rawValue.uppercased()
        append(" \(name)", colored: Self.color(of: event.level), to: &line)
        line.append(contentsOf: String(repeating: " ", count: 9 - name.count).utf8)
        LogText.appendPlain("\(label): \(event.message)", to: &line)
        let fields = LogMetadata.merged(metadataProvider, metadata, event.metadata)
        for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
            append(index == 0 ? "  \(field.key)=" : " \(field.key)=", colored: Self.dim, to: &line)
            appendValue(field.value.description, to: &line)
        }
        if let error = event.error {
            append("  error=", colored: Self.dim, to: &line)
            appendValue(String(reflecting: error), to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        writer.write(line)
    }

    private func appendValue(_ text: String, to line: inout [UInt8]) {
        if text.isEmpty || text.contains(where: { $0 == " " || $0 == "=" || $0 == "\"" }) {
            LogText.appendJSON(text, to: &line)
        } else {
            LogText.appendPlain(text, to: &line)
        }
    }

    private func append(_ text: String, colored color: Int, to line: inout [UInt8]) {
        if isColored { line.append(contentsOf: "\u{1B}[\(color)m".utf8) }
        LogText.appendPlain(text, to: &line)
        if isColored { line.append(contentsOf: "\u{1B}[0m".utf8) }
    }

    private static let dim = 2

    private static func color(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: dim
        case .info: 32
        case .notice: 36
        case .warning: 33
        case .error, .critical: 31
        }
    }
}
