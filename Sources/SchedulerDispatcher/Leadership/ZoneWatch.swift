public import Logging
public import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// The leader's watch over the time zones: when their rules change, stored fire times follow.
///
/// It looks when a term begins and then every minute. Compared is the release of the rules with what the store has, so
/// an update of the system while no dispatcher ran is seen too.
public final class ZoneWatch: Service {
    private let followZones: FollowZones
    private let elector: LeaderElector
    private let logger: Logger
    private let checked = Mutex<(token: Int64, at: ContinuousClock.Instant)?>(nil)

    /// How often a leader looks again.
    private static let interval: Duration = .seconds(60)

    public init(followZones: FollowZones, elector: LeaderElector, logger: Logger) {
        self.followZones = followZones
        self.elector = elector
        self.logger = logger
    }

    public func run() async throws {
        let loop = RoleLoop(name: "following the time zones", signal: Signal(), poll: .seconds(1), logger: logger)
        await loop.run {
            try await self.pass()
            return nil
        }
    }

    private func pass() async throws {
        guard let term = elector.lease else { return }
        let isFresh = checked.withLock { last in
            last.map { $0.token == term.token && $0.at.duration(to: MonotonicClock.now) < ZoneWatch.interval } ?? false
        }
        guard !isFresh else { return }
        do {
            try await followZones(term: term)
            checked.withLock { $0 = (term.token, MonotonicClock.now) }
        } catch let error as SchedulerError where error.code == .lockLost {
            // The store says that another dispatcher leads: it goes on after our last batch.
        }
    }
}
