import SchedulerDomain

/// How a worker works.
public struct WorkerConfiguration: Sendable, Hashable {
    /// How many runs it executes at once.
    public var slots: Int
    public var heartbeat: Duration
    /// How long the store believes in a silent worker.
    ///
    /// A worker that cannot renew it stops what it runs before its end.
    public var lease: Duration
    /// Whether it does; only to be off where no other worker can take its runs.
    public var isFenced: Bool
    /// For how long the worker's loop may stand still before the worker counts as hung and sends no heartbeat.
    ///
    /// Functions that never suspend may hold all of Swift's threads for so long.
    public var loopPatience: Duration
    /// How long a process that was told to stop may take before it is killed.
    public var killGrace: Duration
    /// The whole time from the request to stop to the end of the service.
    public var shutdownGrace: Duration
    /// How many outcomes may wait until the store has them; then the worker takes no work.
    public var maxKeptOutcomes: Int
    /// How often the store is asked which outcomes it has.
    public var settlementCheck: Duration
    /// After which an outcome that the broker took is sent again where the store does not have it.
    public var resend: Duration
    /// How long the broker may be away before the worker takes runs from the store itself.
    public var brokerPatience: Duration
    /// How often it then looks.
    public var directPoll: Duration
    /// How many lines of one attempt's output are kept per second, after a burst of two seconds.
    public var logLinesPerSecond: Int
    /// How much of one attempt's output is kept per second, in bytes, after a burst of two seconds.
    public var logBytesPerSecond: Int

    public static let standardKeptOutcomes = 10_000
    public static let standardLogLinesPerSecond = 1_000
    public static let standardLogBytesPerSecond = 1_024 * 1_024

    /// - Parameter loopPatience: nil: twice the lease, at least ten seconds.
    /// - Precondition: at least one slot and one kept outcome; a lease of at least four heartbeats.
    public init(
        slots: Int,
        heartbeat: Duration = .seconds(5),
        lease: Duration = .seconds(30),
        isFenced: Bool = true,
        loopPatience: Duration? = nil,
        killGrace: Duration = .seconds(5),
        shutdownGrace: Duration = .seconds(25),
        maxKeptOutcomes: Int = standardKeptOutcomes,
        settlementCheck: Duration = .seconds(1),
        resend: Duration = .seconds(15),
        brokerPatience: Duration = .seconds(2),
        directPoll: Duration = .seconds(1),
        logLinesPerSecond: Int = standardLogLinesPerSecond,
        logBytesPerSecond: Int = standardLogBytesPerSecond
    ) {
        precondition(slots > 0, "a worker needs a slot")
        precondition(maxKeptOutcomes > 0, "a worker keeps at least one outcome")
        precondition(lease >= heartbeat * 4, "a lease lasts at least four heartbeats")
        self.slots = slots
        self.heartbeat = heartbeat
        self.lease = lease
        self.isFenced = isFenced
        self.loopPatience = loopPatience ?? max(lease * 2, .seconds(10))
        self.killGrace = killGrace
        self.shutdownGrace = shutdownGrace
        self.maxKeptOutcomes = maxKeptOutcomes
        self.settlementCheck = settlementCheck
        self.resend = resend
        self.brokerPatience = brokerPatience
        self.directPoll = directPoll
        self.logLinesPerSecond = logLinesPerSecond
        self.logBytesPerSecond = logBytesPerSecond
    }
}

/// Who a worker is, beside the identifier that it takes afresh with each registration.
public struct WorkerIdentity: Sendable, Hashable {
    public var name: String
    public var hostname: String
    /// The queues it consumes.
    public var taskTypes: [String]
    public var version: String
    public var labels: [String: String]

    public init(
        name: String, hostname: String, taskTypes: [String], version: String = "", labels: [String: String] = [:]
    ) {
        self.name = name
        self.hostname = hostname
        self.taskTypes = taskTypes
        self.version = version
        self.labels = labels
    }

    func info(id: WorkerID, executors: [String], slots: Int, at now: UTCInstant) -> WorkerInfo {
        WorkerInfo(
            id: id, name: name, hostname: hostname, taskTypes: taskTypes, executors: executors,
            maxConcurrentTasks: slots, status: .online,
            lastHeartbeat: now, registeredAt: now, version: version, labels: labels)
    }
}
