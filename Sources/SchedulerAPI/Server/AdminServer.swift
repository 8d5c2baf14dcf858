import Hummingbird
public import Logging
import SchedulerErrors
public import SchedulerFoundation
public import ServiceLifecycle

/// `/health` and `/ready` of a role on a port of their own, for whoever supervises the process.
///
/// It serves the process and is no part of its work: a port that is taken is said once, and tried again, while the
/// role does what it is there for. It also watches by itself and says in the log when the process can serve no more,
/// and when it can again.
public final class AdminServer: Service {
    /// How often it looks for a change.
    private static let look = Duration.seconds(1)
    /// How long a dependency may take to answer; a pool whose sessions are all busy is no outage.
    private static let patience = Duration.seconds(2)

    private let role: String
    private let host: String
    private let port: Int
    private let health: HealthCheck
    private let version: String
    private let clock: any SchedulerClock
    private let waits: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - role: names the process in the log.
    ///   - probes: what it cannot serve without.
    ///   - clock: the clock of the answers' timestamps.
    ///   - waits: what it waits by.
    public init(
        role: String, host: String, port: Int, probes: [HealthProbe], version: String,
        clock: any SchedulerClock = SystemClock(), waits: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.role = role
        self.host = host
        self.port = port
        health = HealthCheck(probes, limit: AdminServer.patience)
        self.version = version
        self.clock = clock
        self.waits = waits
        self.logger = logger
    }

    /// Listens and watches until graceful shutdown.
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watch() }
            await listen()
            group.cancelAll()
        }
    }

    private func listen() async {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(30))
        var isFirst = true
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                return try await makeApplication().run()
            } catch {
                if isFirst, !Task.isCancelled {
                    logger.warning(
                        "The \(role) goes on without its admin port: \(host):\(port) cannot be bound; SCHEDULER_ADMIN_PORT names another, 0 none",
                        metadata: [LogKey.address: "\(host):\(port)", LogKey.error: "\(error)"])
                }
                isFirst = false
            }
            await pause(backoff.next())
        }
    }

    /// Says each change once.
    private func watch() async {
        var down: [String] = []
        // Who has just started is not connected yet, which is no news.
        await pause(AdminServer.look)
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            let report = await health()
            let now = report.dependencies.filter { $0.isRequired && $0.state == .down }.map(\.name)
            if !Task.isCancelled, now != down { say(now) }
            down = now
            await pause(AdminServer.look)
        }
    }

    private func say(_ down: [String]) {
        if down.isEmpty {
            logger.notice("The \(role) is ready again")
        } else {
            logger.warning("The \(role) is not ready: \(down.joined(separator: ", ")) down")
        }
    }

    private func pause(_ time: Duration) async {
        let waits = waits
        try? await cancelWhenGracefulShutdown { try await waits.sleep(for: time) }
    }

    func makeApplication() -> some ApplicationProtocol {
        let envelope = Envelope(clock: clock)
        let failures = FailureAnswers(envelope: envelope)
        let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorMiddleware(failures: failures))
        HealthRoutes(
            health: health, version: version, zonesVersion: { SystemZones.shared.version }, port: { [port] in port },
            envelope: envelope
        ).add(to: router)
        return Application(
            responder: RequestGate(base: router.buildResponder(), timeout: .seconds(10), failures: failures),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            logger: logger.ofFramework)
    }
}

extension Logger {
    /// For the framework, whose own lines (a connection that broke, the state of its server) are ours at debug only.
    var ofFramework: Logger {
        var logger = self
        if logger.logLevel > .debug { logger.logLevel = max(logger.logLevel, .notice) }
        return logger
    }
}
