import ArgumentParser

struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Serve the HTTP API.",
        discussion: """
            Needs PostgreSQL: DATABASE_URL=postgres://user:password@host:5432/name. Listens on 127.0.0.1:8080 unless told \
            otherwise. Start as many as you like behind a balancer; GET /ready tells whether one can serve.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "The address to listen on (SCHEDULER_API_HOST).") var host: String?
    @Option(help: "The port to listen on (SCHEDULER_API_PORT).") var port: String?

    func run() async throws {
        try await ExitOnError.run {
            let configuration = try common.load(["api.host": host, "api.port": port])
            try await Role.run("api", configuration) { try await .api(configuration, logger: $0) }
        }
    }
}
