import ArgumentParser
import SchedulerApplication
import SchedulerDomain

struct CronExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say in words when a schedule fires.")

    @OptionGroup var schedule: CronOptions

    func run() async throws {
        try await ExitOnError.run {
            let times = try schedule.body().times
            Terminal.line(times.expression.words(in: times.zone.name))
        }
    }
}
