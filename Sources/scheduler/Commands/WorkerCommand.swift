import ArgumentParser

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Execute runs.",
        discussion: """
            Needs PostgreSQL (DATABASE_URL) and RabbitMQ (RABBITMQ_URL). Start as many as you like. On SIGTERM it takes \
            nothing new, lets its runs finish within the shutdown grace, and hands back the rest.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "What people call this worker (SCHEDULER_WORKER_NAME).") var name: String?
    @Option(help: "The task types it takes, separated by commas (SCHEDULER_WORKER_TASK_TYPES).") var taskTypes: String?
    @Option(help: "How many runs it executes at once (SCHEDULER_WORKER_MAX_CONCURRENT_TASKS).")
    var maxConcurrentTasks: String?

    func run() async throws {
        try await ExitOnError.run {
            let configuration = try common.load([
                "worker.name": name, "worker.task_types": taskTypes, "worker.max_concurrent_tasks": maxConcurrentTasks,
            ])
            try await Role.run("worker", configuration) { try await .worker(configuration, logger: $0) }
        }
    }
}
