import ArgumentParser
import Glibc
import SchedulerConfig
import SchedulerErrors

/// What every role takes.
struct CommonOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "A TOML file; the environment and flags override it.")
    var configurationFile: String?

    @Option(
        help: "trace, debug, info, notice, warning, error or critical; also per module: info,SchedulerWorker=debug.")
    var logLevel: String?

    /// Loads the configuration from file, environment and flags.
    ///
    /// - Parameter overrides: what the role's own flags say, by key; nil where a flag was not given.
    /// - Throws: `configuration` with every fault.
    func load(_ overrides: [String: String?] = [:]) throws -> AppConfig {
        var flags = overrides.compactMapValues { $0 }
        if let logLevel { flags["log.level"] = logLevel }
        return try ConfigurationLoader.load(
            file: configurationFile, environment: ProcessEnvironment.current, overrides: flags)
    }
}

/// The variables of this process.
enum ProcessEnvironment {
    static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }
}
