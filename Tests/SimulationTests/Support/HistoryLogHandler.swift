import Logging

/// Shows what the services log between the lines of the history.
struct HistoryLogHandler: LogHandler {
    private let history: History
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .debug

    init(_ history: History) { self.history = history }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { history.show("\(event.level) \(event.message)") }
}
