private import Foundation
private import Glibc
public import Logging

/// Prepares logging for a process.
public enum LoggingSetup {
    /// How lines look.
    public enum Format: Sendable {
        /// `pretty` where standard error is a terminal, else `json`.
        case automatic
        case json
        case pretty
    }

    /// Sets up every logger of the process; once, before the first logger is made.
    ///
    /// - Parameters:
    ///   - service: what the process is, for example `scheduler-api`.
    ///   - levels: the least level of each label.
    ///   - metadataProvider: fields from the context of a call, such as `trace_id`.
    public static func bootstrap(
        service: String,
        format: Format,
        levels: LogLevelTable,
        writer: any LogWriter = StandardErrorWriter(),
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let environment = ProcessInfo.processInfo.environment
        // https://no-color.org: set and not empty means no colour.
        let isColored = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        LoggingSystem.bootstrap(
            { label, provider in
                handler(
                    label: label, service: service, isPretty: isPretty(format, isTerminal: isTerminal),
                    isColored: isColored, levels: levels, writer: writer, metadataProvider: provider
                )
            },
            metadataProvider: metadataProvider
        )
    }

    static func isPretty(_ format: Format, isTerminal: Bool) -> Bool {
        switch format {
        case .automatic: isTerminal
        case .json: false
        case .pretty: true
        }
    }

    static func handler(
        label: String,
        service: String,
        isPretty: Bool,
        isColored: Bool,
        levels: LogLevelTable,
        writer: any LogWriter,
        metadataProvider: Logger.MetadataProvider?
    ) -> any LogHandler {
        let level = levels.level(of: label)
        if isPretty {
            return PrettyLogHandler(
                label: label, level: level, isColored: isColored, writer: writer, metadataProvider: metadataProvider
            )
        }
        return JSONLogHandler(
            label: label, service: service, level: level, writer: writer, metadataProvider: metadataProvider
        )
    }
}
