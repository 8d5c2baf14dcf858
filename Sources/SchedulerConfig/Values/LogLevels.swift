/// The least level of each logger, by its label.
public struct LogLevels: Sendable, Hashable {
    /// A level of a log line, in rising order; the raw values are those of swift-log.
    public enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// For every label that is not named.
    public var standard: Level
    /// By label; a label also stands for those below it (`SchedulerWorker` for `SchedulerWorker.Claim`).
    public var labels: [String: Level]

    public init(standard: Level, labels: [String: Level] = [:]) {
        self.standard = standard
        self.labels = labels
    }

    /// Reads `info` or `info,SchedulerWorker=debug`; nil where it is neither.
    ///
    /// Levels are read without regard to case. Without a level of its own for the rest, that is `info`.
    public init?(parsing text: String) {
        self.init(standard: .info)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false).map { $0.trimmed }
            guard let name = pair.last, let level = Level(rawValue: name.lowercased()) else { return nil }
            switch pair.count {
            case 1: standard = level
            case 2 where !pair[0].isEmpty: labels[pair[0]] = level
            default: return nil
            }
        }
    }
}

extension LogLevels: CustomStringConvertible {
    public var description: String {
        ([standard.rawValue] + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: ",")
    }
}
