public import SchedulerDomain

/// A probe of the way through the broker: whoever receives it knows that messages flow.
public struct HealthCheckMessage: Sendable, Hashable {
    public init() {}

    public func encoded(at now: UTCInstant, correlationID: String? = nil) -> [UInt8] {
        MessageEnvelope(.healthCheck, at: now, correlationID: correlationID).encoded { $0.writeObject { _ in } }
    }
}
