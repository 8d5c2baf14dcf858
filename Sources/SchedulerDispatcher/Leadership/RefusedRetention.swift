public import Logging
public import SchedulerDomain
import SchedulerFoundation
public import ServiceLifecycle

/// The leader's broom for what was refused: deletes old late reports, a little at a time.
///
/// Deleting twice does no harm, so a leader whose term has just ended may finish its step.
public struct RefusedRetention: Service {
    /// How many rows one step deletes.
    private static let step = 500
    /// The pause between two steps, which leaves the store to others.
    private static let pause = Duration.milliseconds(100)

    private let lateReports: any LateReportRepository
    private let elector: LeaderElector
    private let retention: Duration
    private let poll: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - retention: how long it stays.
    ///   - poll: how long the broom rests when nothing old is left.
    public init(
        lateReports: any LateReportRepository, elector: LeaderElector, retention: Duration = .seconds(30 * 86_400),
        poll: Duration = .seconds(60), logger: Logger
    ) {
        self.lateReports = lateReports
        self.elector = elector
        self.retention = retention
        self.poll = poll
        self.logger = logger
    }

    public func run() async throws {
        let loop = RoleLoop(name: "deleting what was refused", signal: Signal(), poll: poll, logger: logger)
        await loop.run {
            guard elector.lease != nil else { return nil }
            let deleted = try await lateReports.deleteLateReports(olderThan: retention, limit: RefusedRetention.step)
            return deleted < RefusedRetention.step ? nil : RefusedRetention.pause
        }
    }
}
