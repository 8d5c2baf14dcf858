public import Logging

/// The least level of each logger, by its label.
public struct LogLevelTable: Sendable {
    private let standard: Logger.Level
    private let labels: [String: Logger.Level]

    /// - Parameters:
    ///   - standard: for every label that is not named.
    ///   - labels: by label; a label also stands for those below it (`SchedulerWorker` for `SchedulerWorker.Claim`).
    public init(standard: Logger.Level, labels: [String: Logger.Level] = [:]) {
        self.standard = standard
        self.labels = labels
    }

    /// Returns the level of a label: its own, else that of the nearest label above it, else the standard.
    public func level(of label: String) -> Logger.Level {
        var name = label[...]
        while true {
            if let level = labels[String(name)] { return level }
            guard let dot = name.lastIndex(of: ".") else { return standard }
            name = name[..<dot]
        }
    }
}
