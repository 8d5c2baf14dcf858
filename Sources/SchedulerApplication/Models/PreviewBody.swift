public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// The body of `POST /api/schedules/preview`, and the options of `scheduler cron`: a schedule that nobody has yet.
///
/// Its members are read as those of a task, so the same is refused in the same words.
public struct PreviewBody: Sendable {
    public let times: FireTimes
    /// Fire times strictly after it; nil: after now.
    public let from: UTCInstant?
    public let count: Int
    /// The release of the time zone rules.
    public let zonesVersion: String

    /// How many fire times may be asked for over HTTP.
    public static let counts = 1...1_000

    /// - Parameter counts: how many fire times may be asked for.
    /// - Throws: `validation` with every fault of the body.
    public init(
        _ json: JSONValue, zones: any ZoneCatalog = SystemZones.shared, counts: ClosedRange<Int> = PreviewBody.counts
    ) throws {
        var reader = try BodyReader(json)
        // Read into a task's fields, whose defaults are the same.
        var spec = TaskSpec(name: "", taskType: "", executor: "")
        if !reader.names("schedule") { reader.fault("schedule", "is missing") }
        reader.readRequired("schedule", into: &spec.schedule, .present(.schedule))
        reader.read("timezone", into: &spec.timezone, orNull: "UTC", .timezone(of: zones))
        reader.read("dst_gap", into: &spec.gapPolicy, orNull: .runAfter, .word(of: GapPolicy.allCases))
        reader.read("dst_overlap", into: &spec.repeatPolicy, orNull: .first, .word(of: RepeatPolicy.allCases))
        reader.read("start_date", into: &spec.startDate, .instant)
        reader.read("end_date", into: &spec.endDate, .instant)
        var from: UTCInstant?
        reader.read("from", into: &from, .instant)
        var count = 5
        reader.read("count", into: &count, orNull: 5, .integer(counts))
        if reader.isSound("start_date", "end_date"), let start = spec.startDate, let end = spec.endDate, end <= start {
            reader.fault("end_date", "must be after start_date")
        }
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        guard let times = try FireTimes(of: spec, zones: zones) else {
            throw SchedulerError.invalid("schedule", "is missing")
        }
        self.times = times
        self.from = from
        self.count = count
        zonesVersion = zones.version
    }

    /// Returns the fire times that the body asks for.
    public func preview(now: UTCInstant) -> SchedulePreview {
        let from = from ?? now
        var fires: [ShownFire] = []
        var next = times.next(after: from)
        while let fire = next, fires.count < count {
            fires.append(ShownFire(fire, of: times, after: fires.last?.instant ?? from))
            next = times.next(after: fire)
        }
        return SchedulePreview(
            words: times.expression.words(in: times.zone.name, from: times.start), times: times, from: from,
            fires: fires, isOver: next == nil, zonesVersion: zonesVersion)
    }
}

/// What a schedule says, and when it fires.
public struct SchedulePreview: Sendable {
    /// The schedule in words.
    public let words: String
    public let times: FireTimes
    /// The fire times are strictly after it.
    public let from: UTCInstant
    public let fires: [ShownFire]
    /// Whether it never fires again after these.
    public let isOver: Bool
    /// The release of the time zone rules.
    public let zonesVersion: String
}

extension BodyRule {
    /// The same rule for a member that is kept as an optional.
    fileprivate static func present<Wrapped>(_ rule: BodyRule<Wrapped>) -> BodyRule where Value == Wrapped? {
        BodyRule { value, path in
            switch rule.parse(value, path) {
            case .value(let value): .value(value)
            case .faults(let faults): .faults(faults)
            }
        }
    }
}
