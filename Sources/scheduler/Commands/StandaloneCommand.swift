import ArgumentParser

struct StandaloneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "standalone",
        abstract: "Run everything in one process; needs no server.",
        discussion: """
            Keeps its data in one folder (SQLite) and listens on 127.0.0.1:8080. Kill it as you like: at the next start \
            what was under way is taken back at once. One process uses a data folder at a time.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "The address to listen on (SCHEDULER_API_HOST).") var host: String?
    @Option(help: "The port to listen on (SCHEDULER_API_PORT).") var port: String?
    @Option(help: "The folder that keeps everything (SCHEDULER_STANDALONE_DATA).") var data: String?

    func run() async throws {
        try await ExitOnError.run {
            let configuration = try common.load(["api.host": host, "api.port": port, "standalone.data": data])
            try await Role.run("standalone", configuration) { try await .standalone(configuration, logger: $0) }
        }
    }
}
