public import Logging
public import SchedulerDomain
import SchedulerFoundation

/// Computes stored fire times anew when the rules of the time zones have changed.
///
/// It goes through the tasks in batches and leaves alone what somebody else changes or what comes due meanwhile. May be
/// stopped at any step: the next call goes on after the last batch.
///
/// Another process may go on by the old rules for a while, until it notices the new ones itself: what it stores then
/// is found by a second pass, once that time is over.
public struct FollowZones: Sendable {
    private let settings: any ZoneSettings
    private let zones: any ZoneCatalog
    private let wakeUps: any WakeUps
    private let batch: Int
    private let logger: Logger

    /// Twice as long as a process takes to notice other rules (`SystemZones`), for one that is slow to store.
    private static let confirmsAfter: Duration = .seconds(120)

    /// - Parameter batch: the most tasks in one transaction.
    public init(
        settings: any ZoneSettings, zones: any ZoneCatalog, wakeUps: any WakeUps, batch: Int = 500, logger: Logger
    ) {
        self.settings = settings
        self.zones = zones
        self.wakeUps = wakeUps
        self.batch = batch
        self.logger = logger
    }

    /// Brings every stored fire time up to the catalog's release; looks only at one row where that is confirmed already.
    ///
    /// Call it again and again: the second pass is made by the first call after its time has come.
    ///
    /// - Returns: how many fire times were moved.
    /// - Throws: `lockLost` where the term is over.
    @discardableResult
    public func callAsFunction(term: LockLease) async throws -> Int {
        let version = zones.version
        let stored = try await settings.zoneProgress()
        var progress =
            stored?.version == version ? stored ?? ZoneProgress(version: version) : ZoneProgress(version: version)
        guard !progress.isConfirmed else { return 0 }
        let confirms = progress.completedAt != nil
        var moved = 0
        var isOver = false
        while !isOver {
            let upcoming = try await settings.upcoming(after: progress.last, limit: batch)
            if let completed = progress.completedAt,
                upcoming.now < completed.advanced(by: FollowZones.confirmsAfter)
            {
                return 0
            }
            isOver = upcoming.tasks.count < batch
            progress.last = isOver ? nil : upcoming.tasks.last?.id
            if isOver, confirms { progress.isConfirmed = true }
            if isOver, !confirms { progress.completedAt = upcoming.now }
            let moves = upcoming.tasks.compactMap { move(of: $0, upcoming) }
            let done = try await settings.move(moves, progress: progress, term: term)
            if !done.isEmpty { await wakeUps.send(.tasks) }
            moved += done.count
        }
        report(moved, version: version, before: stored)
        return moved
    }

    private func report(_ moved: Int, version: String, before stored: ZoneProgress?) {
        let before = stored.flatMap { $0.version == version ? nil : "; before, it was \($0.version)" } ?? ""
        let isConfirmation = stored?.version == version && stored?.completedAt != nil
        guard !isConfirmation || moved > 0 else { return }
        logger.log(
            level: stored == nil ? .info : .notice, "Fire times follow the time zones of \(version)\(before)",
            metadata: [LogKey.count: "\(moved)"])
    }

    /// The move that the new rules ask for; nil where they change nothing.
    private func move(of task: TaskDefinition, _ upcoming: UpcomingTasks) -> FireTimeMove? {
        guard let stored = task.nextRunAt else { return nil }
        do {
            guard let times = try FireTimes(of: task.spec, zones: zones) else { return nil }
            let next = times.next(
                following: stored, decided: upcoming.decided[task.id], since: task.updatedAt, now: upcoming.now)
            return next == stored ? nil : FireTimeMove(task: task.id, version: task.version, from: stored, to: next)
        } catch {
            // The stored fire time stands; when it comes, the ticker says what is wrong with the schedule.
            logger.error(
                "The fire times of task \(task.id) cannot be computed: \(error)",
                metadata: [LogKey.taskID: "\(task.id)", LogKey.tenantID: "\(task.tenant)"])
            return nil
        }
    }
}
