import ArgumentParser

/// The one binary; its first argument selects the role.
@main
struct Scheduler: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler",
        abstract: "A distributed task scheduler.",
        discussion: """
            Start everything in one process with `scheduler standalone`. For more than one machine start `api`, \
            `dispatcher` and `worker` as often as you like; they meet in PostgreSQL (DATABASE_URL) and RabbitMQ \
            (RABBITMQ_URL). Every setting is also a variable, SCHEDULER_<SECTION>_<KEY>, and a key of a TOML file.
            """,
        version: BuildVersion.text,
        subcommands: [
            StandaloneCommand.self, APICommand.self, DispatcherCommand.self, WorkerCommand.self, MigrateCommand.self,
            CronCommand.self, BenchCommand.self, KeeperCommand.self,
        ]
    )
}

/// The version that the binary tells.
enum BuildVersion {
    static let text = "0.1.0"
}
