import ArgumentParser
import SchedulerApplication
import SchedulerDomain
import SchedulerFoundation

struct CronNextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Print the next fire times of a schedule.",
        discussion: """
            Each line has the local time, the offset and the time in UTC, and says so where daylight saving leaves the time \
            out or shows it twice. With --json it is an array of RFC 3339 times in UTC.
            """
    )

    @OptionGroup var schedule: CronOptions
    @OptionGroup var daylight: DaylightOptions
    @Option(help: "Only fire times after this one (RFC 3339); default: now.") var from: String?
    @Option(help: "How many (default: 5).") var count: String?
    @Flag(help: "Print a JSON array.") var json = false

    func run() async throws {
        try await ExitOnError.run {
            let body = try schedule.body(
                daylight.members.merging([
                    "from": from.map(JSONValue.string), "count": count.map(JSONValue.init(option:)),
                ]) { $1 })
            let preview = body.preview(now: SystemClock().now)
            if json {
                var writer = JSONWriter(capacity: 64 + preview.fires.count * 24)
                writer.list(preview.fires) { $0.value($1.instant) }
                Terminal.line(String(decoding: writer.bytes, as: UTF8.self))
            } else {
                Terminal.line(CronNextCommand.text(of: preview))
            }
        }
    }

    private static func text(of preview: SchedulePreview) -> String {
        guard !preview.fires.isEmpty else { return "never again" }
        let lines = preview.fires.map(\.line) + (preview.isOver ? ["never again after that"] : [])
        return lines.joined(separator: "\n")
    }
}

extension ShownFire {
    /// `2026-03-29 03:00:00 +02:00 CEST  2026-03-29T01:00:00Z  02:30 does not exist: …`.
    var line: String {
        let clock = local.description
        let text = "\(clock.prefix(10)) \(clock.dropFirst(11)) \(offsetText) \(abbreviation)  \(instant)"
        return remark.map { "\(text)  \($0)" } ?? text
    }
}
