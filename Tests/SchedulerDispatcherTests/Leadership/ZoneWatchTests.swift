import Logging
import SchedulerApplication
import SchedulerDispatcher
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite("The watch over the time zones")
struct ZoneWatchTests {
    @Test("begins when this dispatcher leads, and records the release that fire times follow")
    func leads() async throws {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (progress, recorded) = AsyncStream.makeStream(of: ZoneProgress.self)
        let elector = LeaderElector(locks: store.locks, owner: "a", logger: logger)
        let watch = ZoneWatch(
            followZones: FollowZones(
                settings: ToldZoneSettings(base: store.zoneSettings) { recorded.yield($0) },
                zones: SystemZones.shared, wakeUps: store.wakeUps, logger: logger),
            elector: elector, logger: logger)
        await withThrowingTaskGroup { group in
            group.addTask { try await watch.run() }
            group.addTask { try await elector.run() }
            let first = await progress.first { _ in true }
            #expect(first == ZoneProgress(version: SystemZones.shared.version, completedAt: clock.now))
            group.cancelAll()
        }
    }
}

/// Zone settings that tell of every progress that was recorded.
private struct ToldZoneSettings: ZoneSettings {
    let base: any ZoneSettings
    let told: @Sendable (ZoneProgress) -> Void

    func zoneProgress() async throws -> ZoneProgress? { try await base.zoneProgress() }

    func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks {
        try await base.upcoming(after: last, limit: limit)
    }

    func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID> {
        let moved = try await base.move(moves, progress: progress, term: term)
        told(progress)
        return moved
    }
}
