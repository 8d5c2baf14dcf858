private import Glibc
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
public import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// The HTTP API as a service: it listens from `run` until graceful shutdown, which lets requests under way end.
public final class APIServer: Service {
    private let configuration: APIConfiguration
    private let service: TaskService
    private let probes: [HealthProbe]
    private let version: String
    private let clock: any SchedulerClock
    private let logger: Logger
    /// The rhythm of streams.
    private let pace: StreamPace
    private let boundPort = Mutex<Int?>(nil)
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - service: what the routes call.
    ///   - probes: what `/health` and `/ready` look at.
    ///   - version: the version of this build, as `/health` shows it.
    ///   - clock: the clock of the answers' timestamps.
    ///   - onListening: called once connections are accepted, with the port that was bound.
    public convenience init(
        configuration: APIConfiguration,
        service: TaskService,
        probes: [HealthProbe] = [],
        version: String = "0.1.0",
        clock: any SchedulerClock = SystemClock(),
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.init(
            configuration: configuration, service: service, probes: probes, version: version, clock: clock,
            pace: StreamPace(), logger: logger, onListening: onListening)
    }

    init(
        configuration: APIConfiguration, service: TaskService, probes: [HealthProbe], version: String,
        clock: any SchedulerClock, pace: StreamPace, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        self.configuration = configuration
        self.service = service
        self.probes = probes
        self.version = version
        self.clock = clock
        self.pace = pace
        self.logger = logger
        self.onListening = onListening
    }

    /// The port that is bound; nil before the server listens.
    public var port: Int? { boundPort.withLock { $0 } }

    /// Listens until graceful shutdown.
    ///
    /// - Throws: `configuration` where the address cannot be bound, naming the keys to change.
    public func run() async throws {
        do {
            try await makeApplication().run()
        } catch let error as IOError {
            throw bindFault(error)
        } catch let error as SocketAddressError {
            throw hostFault(error)
        } catch let error as SocketAddressError.UnknownHost {
            throw hostFault(error)
        }
    }

    func makeApplication() -> some ApplicationProtocol {
        Application(
            responder: makeResponder(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .nanoseconds(configuration.idleTimeout.microseconds * 1_000))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1_024),
            onServerRunning: { channel in await self.listening(on: channel) },
            logger: logger.ofFramework)
    }

    private func makeResponder() -> RequestGate<RouterResponder<APIRequestContext>> {
        let envelope = Envelope(clock: clock)
        let failures = FailureAnswers(envelope: envelope)
        let reader = RequestReader(maxBodyBytes: configuration.maxBodyBytes)
        let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorMiddleware(failures: failures))
        TaskRoutes(service: service, envelope: envelope, reader: reader).add(to: router)
        TaskRunRoutes(service: service, envelope: envelope, reader: reader).add(to: router)
        RunLogRoutes(
            service: service, envelope: envelope, reader: reader, pace: pace,
            places: StreamPlaces(limit: configuration.maxFollowers)
        ).add(to: router)
        ScheduleRoutes(service: service, envelope: envelope, reader: reader).add(to: router)
        WorkflowRoutes(service: service, envelope: envelope, reader: reader).add(to: router)
        WorkerRoutes(service: service, envelope: envelope, reader: reader).add(to: router)
        SystemRoutes(service: service, envelope: envelope).add(to: router)
        HealthRoutes(
            health: HealthCheck(probes), version: version, zonesVersion: { [service] in service.zones.version },
            port: { self.port ?? self.configuration.port }, envelope: envelope
        ).add(to: router)
        return RequestGate(base: router.buildResponder(), timeout: configuration.requestTimeout, failures: failures)
    }

    private func listening(on channel: any Channel) async {
        let port = channel.localAddress?.port ?? configuration.port
        boundPort.withLock { $0 = port }
        logger.info(
            "The API listens on http://\(configuration.host):\(port)",
            metadata: [LogKey.address: "\(configuration.host):\(port)"])
        await onListening(port)
    }

    private func hostFault(_ error: any Error) -> SchedulerError {
        SchedulerError(
            .configuration, "SCHEDULER_API_HOST: \"\(configuration.host)\" is no address of this machine",
            underlying: error)
    }

    private func bindFault(_ error: IOError) -> SchedulerError {
        let address = "\(configuration.host):\(configuration.port)"
        let message =
            switch error.errnoCode {
            case EADDRINUSE:
                "SCHEDULER_API_PORT: port \(configuration.port) on \(configuration.host) is in use;"
                    + " stop what listens there or choose another port"
            case EACCES:
                "SCHEDULER_API_PORT: this user may not listen on \(address); choose a port from 1024 on"
            case EADDRNOTAVAIL:
                "SCHEDULER_API_HOST: \"\(configuration.host)\" is no address of this machine"
            default:
                "SCHEDULER_API_HOST, SCHEDULER_API_PORT: the API cannot listen on \(address)"
            }
        return SchedulerError(.configuration, message, context: ["address": address], underlying: error)
    }
}
