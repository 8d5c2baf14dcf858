/// What is logged, and how it looks.
public struct LogConfig: Sendable {
    public var levels = Defaults.logLevels
    public var format = Defaults.logFormat

    public init() {}
}

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people on a terminal, JSON elsewhere.
    case auto
    case json
    case pretty
}

enum LogSettings {
    static let levels = Setting(
        "log.level", alias: "LOG_LEVEL", default: Defaults.logLevels, .logLevels,
        "The least level that is logged, also per module: `info,SchedulerWorker=debug`."
    )
    static let format = Setting(
        "log.format", default: Defaults.logFormat, .choice(),
        "How lines look: `auto` is `pretty` on a terminal, else `json`."
    )

    static let all = [levels.summary, format.summary]
}

extension LogConfig {
    init(from reader: inout SettingReader) {
        levels = reader.read(LogSettings.levels)
        format = reader.read(LogSettings.format)
    }
}
