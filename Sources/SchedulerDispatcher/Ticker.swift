public import Logging
public import SchedulerApplication
public import SchedulerDomain
import SchedulerFoundation
public import ServiceLifecycle

/// Fires tasks when their time comes: sleeps until the next fire time, is woken when a task changes.
public struct Ticker: Service {
    private let fireDueTasks: FireDueTasks
    private let wakeUps: any WakeUps
    private let loop: RoleLoop

    /// - Parameters:
    ///   - poll: the longest sleep; it covers for lost wake-ups.
    ///   - clock: what it sleeps by.
    public init(
        fireDueTasks: FireDueTasks,
        wakeUps: any WakeUps,
        poll: Duration = .seconds(1),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.fireDueTasks = fireDueTasks
        self.wakeUps = wakeUps
        loop = RoleLoop(name: "firing due tasks", signal: Signal(), poll: poll, clock: clock, logger: logger)
    }

    public func run() async throws {
        await withTaskGroup { group in
            group.addTask { await forward(.tasks, from: wakeUps, to: loop.signal) }
            await loop.run { try await fireDueTasks().nextFireIn }
            group.cancelAll()
        }
    }
}
