import ArgumentParser

struct DispatcherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatcher",
        abstract: "Decide what is due, hand it to the workers, and settle what they report.",
        discussion: """
            Needs PostgreSQL (DATABASE_URL) and RabbitMQ (RABBITMQ_URL=amqp://user:password@host:5672). Start two or more: \
            all of them work, one leads and watches over the workers, and any may die.
            """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await ExitOnError.run {
            let configuration = try common.load()
            try await Role.run("dispatcher", configuration) { try await .dispatcher(configuration, logger: $0) }
        }
    }
}
