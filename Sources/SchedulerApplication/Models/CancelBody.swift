public import SchedulerDomain
import SchedulerErrors

/// The body of a request to cancel, which may be left out: why.
public struct CancelBody: Sendable {
    /// For whoever looks at what was cancelled; nil: it was not said.
    public let reason: String?

    public init(reason: String? = nil) { self.reason = reason }

    /// - Throws: `validation` with every fault of the body.
    public init(_ json: JSONValue) throws {
        var reader = try BodyReader(json)
        reason = reader.read("reason", BodyRule.text(1...500))
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
    }
}
