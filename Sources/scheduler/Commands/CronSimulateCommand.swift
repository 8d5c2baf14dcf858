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
            let output = TerminalStream()
            if json {
                year.writeJSON(number, of: times, to: output)
            } else {
                year.writeLines(number, of: times, to: output)
            }
            output.flush()
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
}
