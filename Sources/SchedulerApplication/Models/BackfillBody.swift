public import SchedulerDomain
import SchedulerErrors

/// The body of `POST /api/tasks/{id}/backfill`: which fire times shall get their runs after all.
public struct BackfillBody: Sendable, Hashable {
    /// The most runs of one backfill.
    public static let limit = 10_000

    public let from: UTCInstant
    public let to: UTCInstant
    public let limit: Int

    public init(from: UTCInstant, to: UTCInstant, limit: Int = 100) {
        self.from = from
        self.to = to
        self.limit = limit
    }

    /// - Throws: `validation` with every fault of the body.
    public init(_ json: JSONValue) throws {
        var reader = try BodyReader(json)
        var (from, to) = (UTCInstant.epoch, UTCInstant.epoch)
        var limit = 100
        for name in ["from", "to"] where !reader.names(name) { reader.fault(name, "is missing") }
        reader.readRequired("from", into: &from, .instant)
        reader.readRequired("to", into: &to, .instant)
        reader.read("limit", into: &limit, orNull: 100, .integer(1...BackfillBody.limit))
        if reader.isSound("from", "to"), from >= to { reader.fault("to", "must be later than from") }
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        self.init(from: from, to: to, limit: limit)
    }
}
