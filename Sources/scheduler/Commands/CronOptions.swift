import ArgumentParser
import SchedulerApplication
import SchedulerDomain

/// The schedule that the commands of `cron` are about.
///
/// Everything is taken as text and read by the rules of the API, so that the same is refused in the same words and with
/// one exit code.
struct CronOptions: ParsableArguments {
    @Argument(help: "The cron expression, in quotes.") var expression: String
    @Option(name: .customLong("tz"), help: "An IANA time zone, for example Europe/Berlin.") var timezone = "UTC"

    /// Reads the schedule.
    ///
    /// - Parameter more: further members of the body, by name; nil where they were not given.
    /// - Throws: `validation` with every fault.
    func body(_ more: [String: JSONValue?] = [:]) throws -> PreviewBody {
        let members = more.compactMapValues { $0 }
        return try PreviewBody(
            .object(members.merging(["schedule": .string(expression), "timezone": .string(timezone)]) { $1 }),
            counts: 1...1_000_000)
    }
}

/// What happens to a fixed time of day that the clock leaves out or shows twice.
struct DaylightOptions: ParsableArguments {
    @Option(name: .customLong("dst-gap"), help: "run_after (default) or skip: a fixed time that the clock leaves out.")
    var gap: String?
    @Option(
        name: .customLong("dst-overlap"),
        help: "first (default), last or both: a fixed time that the clock shows twice.")
    var overlap: String?

    var members: [String: JSONValue?] {
        ["dst_gap": gap.map(JSONValue.string), "dst_overlap": overlap.map(JSONValue.string)]
    }
}

extension JSONValue {
    /// A number where the text is one, else the text, for the rules to refuse.
    init(option text: String) { self = Int64(text).map(JSONValue.integer) ?? .string(text) }
}
