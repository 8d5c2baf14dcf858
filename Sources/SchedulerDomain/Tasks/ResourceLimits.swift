/// What one attempt may use of its worker's machine; nil: no limit beyond the worker's own.
public struct ResourceLimits: Sendable, Hashable, Codable {
    /// Memory, in MiB (2^20 bytes).
    public var maxMemoryMegabytes: Int?
    /// CPU time, in seconds.
    public var maxCPUSeconds: Int?
    /// Open descriptors of one process.
    public var maxOpenFiles: Int?
    /// Processes and threads.
    public var maxProcesses: Int?
    /// How much output is kept in the attempt's log, in bytes: its beginning and its end; nil: 10 MiB.
    public var maxOutputBytes: Int?

    /// How much output is kept where the task does not say.
    public static let standardOutputBytes = 10 * 1_024 * 1_024

    enum CodingKeys: String, CodingKey {
        case maxMemoryMegabytes = "max_memory_mb"
        case maxCPUSeconds = "max_cpu_seconds"
        case maxOpenFiles = "max_open_files"
        case maxProcesses = "max_processes"
        case maxOutputBytes = "max_output_bytes"
    }

    public init(
        maxMemoryMegabytes: Int? = nil, maxCPUSeconds: Int? = nil, maxOpenFiles: Int? = nil, maxProcesses: Int? = nil,
        maxOutputBytes: Int? = nil
    ) {
        self.maxMemoryMegabytes = maxMemoryMegabytes
        self.maxCPUSeconds = maxCPUSeconds
        self.maxOpenFiles = maxOpenFiles
        self.maxProcesses = maxProcesses
        self.maxOutputBytes = maxOutputBytes
    }

    /// How much output is kept, in bytes.
    public var outputBytes: Int { maxOutputBytes ?? ResourceLimits.standardOutputBytes }
}
