/// What bounds the logs of a worker.
struct LogLimits: Sendable {
    var linesPerSecond = WorkerConfiguration.standardLogLinesPerSecond
    var bytesPerSecond = WorkerConfiguration.standardLogBytesPerSecond
    /// The most of an output's end that is kept, in bytes.
    var tailBytes = 256 * 1_024
    /// How much memory of one attempt may wait for the store: a burst and what it costs beside its text.
    var readyBytes = 3 * 1_024 * 1_024
    /// How much an attempt may hold even where others have all the memory there is.
    var guaranteedBytes = 16 * 1_024
    /// The memory of all attempts, in bytes.
    var memoryBytes = 64 * 1_024 * 1_024
    /// How many logs of ended attempts may wait for the store.
    var endedLogs = 10_000
    /// About how much goes into one chunk.
    var chunkBytes = 64 * 1_024
    var chunkLines = 1_000
    /// How long a line waits for company.
    var interval = Duration.milliseconds(200)
    /// How often an attempt's progress is written at most.
    var progressInterval = Duration.seconds(1)
    /// How long the report of an outcome waits for the log.
    var patience = Duration.seconds(3)
}

extension LogLimits {
    init(_ configuration: WorkerConfiguration) {
        linesPerSecond = configuration.logLinesPerSecond
        bytesPerSecond = configuration.logBytesPerSecond
    }
}
