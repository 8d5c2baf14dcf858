import ArgumentParser

struct CronCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron",
        abstract: "Explain a schedule, and show when it fires.",
        discussion: """
            Needs no configuration and no server. Put the expression in quotes: "0 2 * * MON-FRI". Five fields begin with \
            the minute, six with the second, and a seventh is the year; @daily and @every 90s work too.
            """,
        subcommands: [CronNextCommand.self, CronExplainCommand.self, CronSimulateCommand.self]
    )
}
