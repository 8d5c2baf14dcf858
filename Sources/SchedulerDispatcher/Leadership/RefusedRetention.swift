public import Logging
public import SchedulerDomain
import SchedulerFoundation
public import ServiceLifecycle

/// The leader's broom for what was refused: deletes old late reports and dead letters, a little at a time.
///
/// Deleting twice does no harm, so a leader whose term has just ended may finish its step.
public struct RefusedRetention: Service {
    /// How many rows one step deletes.
    private static let step = 500
    /// The pause between two steps, which leaves the store to others.
    private static let pause = Duration.milliseconds(100)

    private let lateReports: any LateReportRepository
    private let deadLetters: any DeadLetterRepository
    private let elector: LeaderElector
    private let retention: Duration
    private let mostDeadLetters: Int
    private let poll: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - retention: how long it stays.
    ///   - mostDeadLetters: of more dead letters the oldest go sooner.
    ///   - poll: how long the broom rests when nothing old is left.
    public init(
        lateReports: any LateReportRepository, deadLetters: any DeadLetterRepository, elector: LeaderElector,
        retention: Duration = .seconds(30 * 86_400), mostDeadLetters: Int = 10_000, poll: Duration = .seconds(60),
        logger: Logger
    ) {
        self.lateReports = lateReports
        self.deadLetters = deadLetters
        self.elector = elector
        self.retention = retention
        self.mostDeadLetters = mostDeadLetters
        self.poll = poll
        self.logger = logger
    }

    public func run() async throws {
        let loop = RoleLoop(name: "deleting what was refused", signal: Signal(), poll: poll, logger: logger)
        await loop.run {
            guard elector.lease != nil else { return nil }
            let reports = try await lateReports.deleteLateReports(olderThan: retention, limit: RefusedRetention.step)
            let letters = try await deadLetters.deleteDeadLetters(
                olderThan: retention, keeping: mostDeadLetters, limit: RefusedRetention.step)
            return max(reports, letters) < RefusedRetention.step ? nil : RefusedRetention.pause
        }
    }
}
