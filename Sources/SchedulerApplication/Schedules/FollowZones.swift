public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Computes stored fire times anew when the rules of the time zones have changed.
///
/// It goes through the tasks in batches and leaves alone what somebody else changes or what comes due meanwhile. May be
/// stopped at any step: the next pass goes on after the last batch.
public struct FollowZones: Sendable {
    private let settings: any ZoneSettings
    private let zones: any ZoneCatalog
    private let wakeUps: any WakeUps
    private let batch: Int
    private let logger: Logger

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

    /// Brings every stored fire time up to the catalog's release; looks only at one row where it is so already.
    ///
    /// - Returns: how many fire times were moved.
    /// - Throws: `lockLost` where the term is over.
    @discardableResult
    public func callAsFunction(term: LockLease) async throws -> Int {
        let version = zones.version
        let stored = try await settings.zoneProgress()
        var progress =
            stored?.version == version ? stored ?? ZoneProgress(version: version) : ZoneProgress(version: version)
        guard !progress.isComplete else { return 0 }
        var moved = 0
        while !progress.isComplete {
            let upcoming = try await settings.upcoming(after: progress.last, limit: batch)
            progress.last = upcoming.tasks.last?.id ?? progress.last
            progress.isComplete = upcoming.tasks.count < batch
            if progress.isComplete { progress.last = nil }
            let moves = upcoming.tasks.compactMap { move(of: $0, now: upcoming.now) }
            let done = try await settings.move(moves, progress: progress, term: term)
            if !done.isEmpty { await wakeUps.send(.tasks) }
            moved += done.count
        }
        let before = stored.map { "; before, it was \($0.version)" } ?? ""
        logger.log(
            level: stored == nil ? .info : .notice, "Fire times follow the time zones of \(version)\(before)",
            metadata: [LogKey.count: "\(moved)"])
        return moved
    }

    /// The move that the new rules ask for; nil where they change nothing.
    private func move(of task: TaskDefinition, now: UTCInstant) -> FireTimeMove? {
        guard let stored = task.nextRunAt else { return nil }
        do {
            guard let times = try FireTimes(of: task.spec, zones: zones) else { return nil }
            let next = times.next(after: now)
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
