public import Logging
public import SchedulerApplication
public import SchedulerDomain
public import SchedulerFoundation
public import ServiceLifecycle

/// Fires tasks when their time comes: sleeps until the next fire time, is woken when a task changes.
///
/// Any dispatcher may fire any task, and none twice. So that they do not take each other's database time away in a
/// burst, those that do not lead come a second later: then what is still due has been left lying.
public struct Ticker: Service {
    private static let standbyDelay: Duration = .seconds(1)

    private let isLeading: @Sendable () -> Bool
    private let fireDueTasks: FireDueTasks
    private let wakeUps: any WakeUps
    private let loop: RoleLoop

    /// - Parameters:
    ///   - isLeading: whether this dispatcher is the first to fire; the others stand by.
    ///   - poll: the longest sleep; it covers for lost wake-ups.
    ///   - clock: what it sleeps by.
    public init(
        fireDueTasks: FireDueTasks,
        wakeUps: any WakeUps,
        isLeading: @escaping @Sendable () -> Bool = { true },
        poll: Duration = .seconds(1),
        clock: any Clock<Duration> = MonotonicClock(),
        logger: Logger
    ) {
        self.fireDueTasks = fireDueTasks
        self.wakeUps = wakeUps
        self.isLeading = isLeading
        loop = RoleLoop(name: "firing due tasks", signal: Signal(), poll: poll, clock: clock, logger: logger)
    }

    public func run() async throws {
        await withTaskGroup { group in
            group.addTask { await forward(.tasks, from: wakeUps, to: loop.signal) }
            await loop.run {
                try await fireDueTasks(standby: isLeading() ? .zero : Ticker.standbyDelay).nextFireIn
            }
            group.cancelAll()
        }
    }
}
