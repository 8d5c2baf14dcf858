/// The whole configuration of a process, checked; made once, by `ConfigurationLoader`, before anything starts.
public struct AppConfig: Sendable {
    public var environment = Defaults.environment
    public var database = DatabaseConfig()
    public var queue = MessageQueueConfig()
    public var api = APIConfig()
    public var admin = AdminConfig()
    public var worker = WorkerConfig()
    public var dispatcher = DispatcherConfig()
    public var standalone = StandaloneConfig()
    public var log = LogConfig()
    /// What was found that does no harm but is probably a mistake, one sentence each, for the log.
    public var warnings: [String] = []
    /// Each setting with its value and where that came from, in the order of the documentation; secrets are masked.
    public var settings: [ResolvedSetting] = []

    /// The defaults: no database, no queue server.
    public init() {}
}

/// One setting as a process uses it, safe to show.
public struct ResolvedSetting: Sendable, Hashable {
    public let key: String
    /// The value in the form of the configuration file; a secret is masked.
    public let value: String
    /// `default`, the name of a variable, `a flag`, or the path of the file.
    public let source: String
}
