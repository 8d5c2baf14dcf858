public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// The leader's slow duty: makes the day partitions of the history ahead of time.
public final class Housekeeper: Service {
    private let partitions: any HistoryPartitions
    private let elector: LeaderElector
    private let daysAhead: Int
    private let logger: Logger
    private let preparedFor = Mutex<(token: Int64, at: ContinuousClock.Instant)?>(nil)

    /// How often a leader looks again.
    private static let interval: Duration = .seconds(3_600)

    public init(partitions: any HistoryPartitions, elector: LeaderElector, daysAhead: Int = 7, logger: Logger) {
        self.partitions = partitions
        self.elector = elector
        self.daysAhead = daysAhead
        self.logger = logger
    }

    public func run() async throws {
        let loop = RoleLoop(name: "making partitions", signal: Signal(), poll: .seconds(5), logger: logger)
        await loop.run {
            try await self.pass()
            return nil
        }
    }

    private func pass() async throws {
        guard let term = elector.lease else { return }
        let isFresh = preparedFor.withLock { last in
            last.map { $0.token == term.token && $0.at.duration(to: MonotonicClock.now) < Housekeeper.interval }
                ?? false
        }
        guard !isFresh else { return }
        let made = try await partitions.prepare(daysAhead: daysAhead, term: term)
        preparedFor.withLock { $0 = (term.token, MonotonicClock.now) }
        if !made.isEmpty { logger.info("Partitions made: \(made.joined(separator: ", "))") }
    }
}
