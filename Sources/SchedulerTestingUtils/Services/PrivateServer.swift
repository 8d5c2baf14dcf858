/// A server of one test's own, which the test may stop, restart and kill.
///
/// Its port and its data stay the same over restarts. The calls return once the server is ready, or gone.
public struct PrivateServer: Sendable {
    /// What kind of server it is; the raw value is its name in `scripts/services`.
    public enum Kind: String, Sendable, CaseIterable {
        case postgres
        case rabbitmq
    }

    public let kind: Kind
    /// The folder that holds its data, its log (`server.log`) and its process id (`pid`).
    public let folder: String
    /// Where clients connect, as a superuser: `postgres://…` or `amqp://…`.
    public let url: String

    /// Starts a new server in a folder, which is made if absent, or the server that lives there already.
    ///
    /// - Throws: `execution` with the end of the server's log where it does not start.
    public init(startingIn folder: String, _ kind: Kind) async throws {
        self.kind = kind
        self.folder = folder
        url = try await ServiceScript.run(["start", kind.rawValue, folder])
    }

    /// Starts it again after a stop or a kill; does nothing where it runs.
    public func start() async throws { try await perform("start") }

    /// Ends it in order: sessions are told, data is flushed.
    public func stop() async throws { try await perform("stop") }

    /// Ends it with SIGKILL, as a crash or a loss of power would.
    public func kill() async throws { try await perform("kill") }

    /// Stops it in order and starts it again on the same port.
    public func restart() async throws { try await perform("restart") }

    /// Runs `psql` or `rabbitmqctl` as its administrator and returns what that prints.
    ///
    /// - Parameter arguments: of the tool, for example `["purge_queue", "status"]` or `["-Atc", "SELECT 1"]`.
    public func control(_ arguments: String...) async throws -> String {
        try await ServiceScript.run(["ctl", kind.rawValue, folder] + arguments)
    }

    private func perform(_ command: String) async throws {
        _ = try await ServiceScript.run([command, kind.rawValue, folder])
    }
}
