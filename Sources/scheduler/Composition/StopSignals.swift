import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT, from the start of a role to its end.
///
/// While the role starts nothing runs that had to be put in order, so it ends at once, also where a server that does not
/// answer holds it up. Afterwards its services shut down, and further signals change nothing about that.
final class StopSignals: Sendable {
    private let signals: UnixSignalsSequence
    private let group = Mutex<ServiceGroup?>(nil)
    private let logger: Logger

    /// From here on a signal does not end the process by itself.
    init(logger: Logger) async {
        signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        self.logger = logger
    }

    /// Lets signals shut the services down.
    func control(_ services: ServiceGroup) { group.withLock { $0 = services } }

    /// Listens until it is cancelled.
    func listen() async {
        for await signal in signals {
            if let services = group.withLock({ $0 }) {
                await services.triggerGracefulShutdown()
            } else {
                logger.info("Ended by \(signal) before it had started")
                _exit(EXIT_SUCCESS)
            }
        }
    }
}
