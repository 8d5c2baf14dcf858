private import Foundation

/// Every default of the configuration, in one place; `docs/configuration.md` shows the same, and a test compares them.
public enum Defaults {
    // database
    public static let poolSize = 10
    public static let maxWaitingCalls = 4_096
    public static let acquireTimeout = Duration.seconds(5)
    public static let connectTimeout = Duration.seconds(5)
    public static let statementTimeout = Duration.seconds(30)
    public static let migrateOnStart = true

    // queue
    public static let queueHeartbeat = Duration.seconds(10)
    public static let publishTimeout = Duration.seconds(10)
    public static let maxWaitingMessages = 20_000
    public static let queueNamespace = ""

    // api
    public static let apiHost = "127.0.0.1"
    public static let apiPort = 8080
    public static let requestTimeout = Duration.seconds(30)
    public static let maxBodyBytes = 1_048_576
    public static let backfillRunsPerSecond = 10

    // admin
    public static let adminHost = "127.0.0.1"
    public static let adminPort = 9_464

    // worker
    /// The host's name: a worker's identity is a UUID of its own, the name is for people.
    public static var workerName: String { ProcessInfo.processInfo.hostName }
    /// Twice the number of cores, at least four: tasks mostly wait.
    public static var maxConcurrentTasks: Int { max(4, 2 * ProcessInfo.processInfo.activeProcessorCount) }
    public static let taskTypes = ["shell", "command", "http", "python", "function", "custom"]
    public static let heartbeat = Duration.seconds(5)
    public static let lease = Duration.seconds(30)
    public static let killGrace = Duration.seconds(5)
    public static let shutdownGrace = Duration.seconds(25)
    public static let maxKeptOutcomes = 10_000
    public static let allowRootTasks = false
    public static let appendFunction = false
    public static let logLinesPerSecond = 1_000
    public static let logBytesPerSecond = 1_048_576

    // dispatcher
    public static let pickBatch = 500
    public static let poll = Duration.seconds(1)
    public static let unclaimed = Duration.seconds(15)
    public static let leaderTerm = Duration.seconds(10)
    public static let partitionsAheadDays = 7
    public static let logRetentionDays = 14
    public static let misfireThreshold = Duration.seconds(10)

    // standalone, log, environment
    public static let dataFolder = "data"
    public static let logLevels = LogLevels(standard: .info)
    public static let logFormat = LogFormat.auto
    public static let environment = Environment.development
}
