import ArgumentParser
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

struct CronSimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "List a year of a schedule, with the gaps and overlaps of its time zone.",
        discussion: """
            The year is that of the zone's own clock. Gaps and overlaps are listed also where no fire time falls on them. \
            After --limit fire times the others are counted.
            """
    )

    @OptionGroup var schedule: CronOptions
    @OptionGroup var daylight: DaylightOptions
    @Option(help: "The year, 1970 to 2199 (default: this one in UTC).") var year: String?
    @Option(help: "How many fire times to list (default: 400).") var limit: String?
    @Flag(help: "List every fire time.") var all = false
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        try await ExitOnError.run {
            let (times, number, limit) = try read()
            let year = FireYear(number, of: times, limit: limit)
            Terminal.line(json ? jsonText(of: year, number, times) : text(of: year, number, times))
        }
    }

    /// - Throws: `validation` with every fault.
    private func read() throws -> (times: FireTimes, year: Int64, limit: Int?) {
        var faults: [SchedulerError.FieldFault] = []
        let body = Result { try schedule.body(daylight.members) }
        if case .failure(let error) = body {
            guard let error = error as? SchedulerError, !error.faults.isEmpty else { throw error }
            faults += error.faults
        }
        let thisYear = CivilDate(daysSinceEpoch: SystemClock().now.secondsSinceEpoch / 86_400).year
        let year = year.map { Int64($0) } ?? thisYear
        if year.map({ !(1_970...2_199).contains($0) }) ?? true {
            faults.append(.init(field: "year", message: "must be a whole number from 1970 to 2199"))
        }
        let limit = limit.map { Int($0) } ?? 400
        if limit.map({ $0 < 0 }) ?? true {
            faults.append(.init(field: "limit", message: "must be a whole number from 0 on"))
        }
        guard faults.isEmpty, let year else { throw SchedulerError.invalid(faults) }
        return (try body.get().times, year, all ? nil : limit)
    }

    private func text(of year: FireYear, _ number: Int64, _ times: FireTimes) -> String {
        let changes = year.changes.map { change in
            let (before, _) = change.clocks
            let kind = change.isGap ? "gap" : "overlap"
            return (at: change.instant, line: "-- \(before.description.prefix(10)) \(kind): \(change.words())")
        }
        let last = year.fires.last?.instant ?? .distantPast
        let shown = year.more > 0 ? changes.filter { $0.at <= last } : changes
        let lines = (shown + year.fires.map { (at: $0.instant, line: $0.line) }).enumerated()
            .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element.line)
        let rest =
            year.more > 0 ? ["… \(more(year)) (--all lists them)"] + changes.filter { $0.at > last }.map(\.line) : []
        let count = year.isCountCut ? "" : "\(counted(year.fires.count + year.more, "fire time")), "
        let gaps = year.changes.count(where: \.isGap)
        return
            ([times.expression.words(in: times.zone.name), ""] + lines + rest + [
                "", "\(number): \(count)\(counted(gaps, "gap")), \(counted(year.changes.count - gaps, "overlap"))",
            ]).joined(separator: "\n")
    }

    private func more(_ year: FireYear) -> String {
        year.isCountCut
            ? "at least \(counted(year.more, "further fire time"))" : counted(year.more, "further fire time")
    }

    private func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }

    private func jsonText(of year: FireYear, _ number: Int64, _ times: FireTimes) -> String {
        var writer = JSONWriter(capacity: 512 + year.fires.count * 192)
        writer.object { writer in
            writer.field("schedule", times.expression.description)
            writer.field("timezone", times.zone.name)
            writer.field("description", times.expression.words(in: times.zone.name))
            writer.field("year", number)
            writer.name("fires")
            writer.list(year.fires) { $0.value($1) }
            writer.field("more", year.more)
            writer.field("more_count_cut", year.isCountCut)
            writer.name("changes")
            writer.list(year.changes) { $0.value($1) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
