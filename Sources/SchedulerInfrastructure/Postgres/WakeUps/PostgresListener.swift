import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// The thread behind `PostgresWakeUps`.
final class PostgresListener: Sendable {
    private static let channel = "scheduler_wake"
    /// The least time between two notifications of this process.
    private static let spacing: Duration = .milliseconds(5)
    /// How long a silent connection is believed.
    private static let checkEvery: Duration = .seconds(5)

    private let hub = WakeUpHub()
    private let readers = WakeUpReaders()
    private let configuration: PostgresConfiguration
    private let logger: Logger

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        var configuration = configuration
        configuration.applicationName += "-listen"
        self.configuration = configuration
        self.logger = logger
    }

    deinit { hub.stop() }

    func send(_ hint: WakeUp) {
        start()
        hub.send(hint)
    }

    func stream() -> AsyncStream<WakeUp> {
        start()
        return readers.stream()
    }

    func start() {
        guard hub.begin() else { return }
        BlockingThread.startRequired(named: "pg-listen") { [hub, readers, configuration, logger] in
            PostgresListener.serve(hub, readers, configuration, logger)
            hub.ended()
        }
    }

    func stop() async {
        await hub.stopAndWait()
        readers.finish()
    }

    /// Connects again and again until the hub stops.
    private static func serve(
        _ hub: WakeUpHub, _ readers: WakeUpReaders, _ configuration: PostgresConfiguration, _ logger: Logger
    ) {
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(2))
        var isAway = false
        while !hub.isStopping {
            do {
                let session = try PostgresSession.connect(configuration)
                try session.script("listen", "LISTEN \(channel)")
                if isAway { logger.notice("Listening for wake-ups again") }
                isAway = false
                backoff.reset()
                for hint in WakeUp.all { readers.deliver(hint) }
                try listen(session, hub, readers)
            } catch {
                if !isAway {
                    logger.warning(
                        "Wake-ups are lost until the database can be reached; polling covers for them",
                        metadata: [
                            LogKey.error: "\(String(reflecting: error))"
                        ])
                }
                isAway = true
                hub.sleep(backoff.next())
            }
        }
    }

    /// - Throws: when the connection is lost.
    private static func listen(_ session: PostgresSession, _ hub: WakeUpHub, _ readers: WakeUpReaders) throws {
        var nextCheck = MonotonicInstant.after(checkEvery)
        var maySend = MonotonicInstant.now
        while !hub.isStopping {
            if maySend.hasPassed {
                let hints = hub.takeUnsent()
                if !hints.isEmpty {
                    try session.execute(WakeUpSQL.notify, [.texts(hints.map(\.text))])
                    maySend = .after(spacing)
                }
            }
            if nextCheck.hasPassed {
                try session.execute(WakeUpSQL.check)
                nextCheck = .after(checkEvery)
            }
            for hint in try session.takeNotifications().compactMap({ WakeUp($0) }) { readers.deliver(hint) }
            hub.wait(for: session.socket, until: hub.hasUnsent ? min(maySend, nextCheck) : nextCheck)
        }
    }
}

private enum WakeUpSQL {
    static let notify = PostgresStatement.read(
        "wakeups.send",
        """
        SELECT pg_notify('scheduler_wake', hint) FROM unnest($1) AS hints (hint)
        """)
    static let check = PostgresStatement.read("wakeups.check", "SELECT 1")
}
