public import Logging
public import SchedulerFoundation

/// Writes each log line as one JSON object: `timestamp`, `level`, `service`, `logger`, `message`, then `trace_id` and
/// `span_id` where there is a trace, `error`, and `metadata`.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let service: String
    private let writer: any LogWriter
    private let clock: any SchedulerClock

    /// Metadata of these names stands at the top, where collectors look for it.
    private static let traceKeys = ["trace_id", "span_id"]

    /// - Parameters:
    ///   - label: the logger's label, for `logger`.
    ///   - service: what the process is, for example `scheduler-api`.
    ///   - level: the least level that is written.
    public init(
        label: String,
        service: String,
        level: Logger.Level,
        writer: any LogWriter,
        clock: any SchedulerClock = SystemClock(),
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.service = service
        logLevel = level
        self.writer = writer
        self.clock = clock
        self.metadataProvider = metadataProvider
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = Array("{".utf8)
        line.reserveCapacity(256)
        Self.append("timestamp", LogText.timestamp(clock.now), to: &line)
        Self.append("level", event.level.rawValue, to: &line)
        Self.append("service", service, to: &line)
        Self.append("logger", label, to: &line)
        Self.append("message", event.message.description, to: &line)
        var fields = LogMetadata.merged(metadataProvider, metadata, event.metadata)
        for key in Self.traceKeys {
            if let value = fields.removeValue(forKey: key) { Self.append(key, value.description, to: &line) }
        }
        if let error = event.error { Self.append("error", String(reflecting: error), to: &line) }
        if !fields.isEmpty {
            line.append(contentsOf: #","metadata":"#.utf8)
            LogMetadata.appendJSON(.dictionary(fields), to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        writer.write(line)
    }

    private static func append(_ key: String, _ value: String, to line: inout [UInt8]) {
        if line.count > 1 { line.append(UInt8(ascii: ",")) }
        line.append(contentsOf: "\"\(key)\":".utf8)
        LogText.appendJSON(value, to: &line)
    }
}
