/// A worker process as the store knows it.
public struct WorkerInfo: Sendable, Hashable, Identifiable {
    public var id: WorkerID
    public var name: String
    public var hostname: String
    public var ipAddress: String?
    public var port: Int?
    /// The queues it consumes.
    public var taskTypes: [String]
    /// What it can execute; nil: it did not say, as workers of earlier releases do not, and may be able to do anything.
    public var executors: [String]?
    /// Its slots.
    public var maxConcurrentTasks: Int
    /// How many runs it said it was executing at its last heartbeat.
    public var currentTaskCount: Int
    public var status: WorkerStatus
    public var lastHeartbeat: UTCInstant
    /// Grows by one with every heartbeat; the leader watches it to see silence.
    public var heartbeatSequence: Int64
    public var registeredAt: UTCInstant
    /// When somebody asked it to take nothing more and to leave; nil: nobody did.
    public var drainRequestedAt: UTCInstant?
    public var version: String
    public var labels: [String: String]

    public init(
        id: WorkerID,
        name: String,
        hostname: String,
        ipAddress: String? = nil,
        port: Int? = nil,
        taskTypes: [String],
        executors: [String]? = nil,
        maxConcurrentTasks: Int,
        currentTaskCount: Int = 0,
        status: WorkerStatus = .online,
        lastHeartbeat: UTCInstant,
        heartbeatSequence: Int64 = 0,
        registeredAt: UTCInstant,
        drainRequestedAt: UTCInstant? = nil,
        version: String = "",
        labels: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.hostname = hostname
        self.ipAddress = ipAddress
        self.port = port
        self.taskTypes = taskTypes
        self.executors = executors
        self.maxConcurrentTasks = maxConcurrentTasks
        self.currentTaskCount = currentTaskCount
        self.status = status
        self.lastHeartbeat = lastHeartbeat
        self.heartbeatSequence = heartbeatSequence
        self.registeredAt = registeredAt
        self.drainRequestedAt = drainRequestedAt
        self.version = version
        self.labels = labels
    }
}

/// The state of a worker process.
public enum WorkerStatus: String, Sendable, Codable, CaseIterable {
    case registering
    case online
    /// All its slots are taken.
    case busy
    /// Takes nothing new and finishes what runs.
    case draining
    /// Gone; final for its id.
    case offline

    /// Whether runs may be dispatched to it.
    public var takesRuns: Bool {
        switch self {
        case .online, .busy: true
        case .registering, .draining, .offline: false
        }
    }
}
