public import SchedulerDomain
import SchedulerErrors

/// The body of `POST /api/tasks/{id}/trigger`: what this one run does differently.
///
/// The command stays the task's.
public struct TriggerBody: Sendable {
    public let overrides: RunOverrides

    /// A trigger that changes nothing.
    public static let empty = TriggerBody(overrides: .none)

    public init(overrides: RunOverrides) { self.overrides = overrides }

    /// - Throws: `validation` with every fault of the body.
    public init(_ json: JSONValue) throws {
        var reader = try BodyReader(json)
        var overrides = RunOverrides()
        reader.read("arguments", into: &overrides.arguments, .values)
        reader.read("environment", into: &overrides.environment, .environment)
        reader.read("config", into: &overrides.config, .object)
        reader.read("priority", into: &overrides.priority, .word(of: Priority.allCases))
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        self.overrides = overrides
    }
}
