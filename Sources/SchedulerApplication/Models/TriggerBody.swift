public import SchedulerDomain
import SchedulerErrors

/// The body of `POST /api/tasks/{id}/trigger`: what this one run does differently, and when it is due.
///
/// The command stays the task's.
public struct TriggerBody: Sendable {
    /// When the run is due.
    public enum Time: Sendable, Hashable {
        case now
        /// At an instant; one that has passed is due at once.
        case at(UTCInstant)
        /// So much later than now, by the store's clock.
        case after(Duration)
    }

    public let overrides: RunOverrides
    public let time: Time

    /// A trigger that changes nothing.
    public static let empty = TriggerBody(overrides: .none)

    public init(overrides: RunOverrides, time: Time = .now) {
        self.overrides = overrides
        self.time = time
    }

    /// - Throws: `validation` with every fault of the body.
    public init(_ json: JSONValue) throws {
        var reader = try BodyReader(json)
        var overrides = RunOverrides()
        reader.read("arguments", into: &overrides.arguments, .values)
        reader.read("environment", into: &overrides.environment, .environment)
        reader.read("config", into: &overrides.config, .object)
        reader.read("priority", into: &overrides.priority, .word(of: Priority.allCases))
        let instant = reader.read("run_at", BodyRule<UTCInstant>.instant)
        let delay = reader.read("delay_seconds", BodyRule<Int>.integer(0...31_622_400))
        if instant != nil, delay != nil {
            reader.fault("delay_seconds", "and run_at exclude each other; name one of them")
        }
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        self.overrides = overrides
        time = instant.map(Time.at) ?? delay.map { .after(.seconds($0)) } ?? .now
    }
}
