/// One thing that this process depends on, and how to see whether it is there.
public struct HealthProbe: Sendable {
    /// The name under `dependencies`, for example `database` or `jobQueue`.
    public let name: String
    /// Whether this process cannot serve without it.
    public let isRequired: Bool
    /// Throws where the thing is away.
    let check: @Sendable () async throws -> Void

    public init(_ name: String, isRequired: Bool, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.isRequired = isRequired
        self.check = check
    }
}

/// What the probes saw.
struct HealthReport: Sendable {
    enum Status: String { case healthy, degraded, unhealthy }
    enum State: String { case up, down }

    struct Dependency: Sendable {
        var name: String
        var isRequired: Bool
        var state: State
        /// How long the probe took; nil where it did not answer.
        var latency: Duration?
    }

    /// In the order of the probes.
    var dependencies: [Dependency]

    /// Whether everything is there that this process cannot serve without.
    var isReady: Bool { !dependencies.contains { $0.isRequired && $0.state == .down } }

    var status: Status {
        if !isReady { return .unhealthy }
        return dependencies.contains { $0.state == .down } ? .degraded : .healthy
    }
}
