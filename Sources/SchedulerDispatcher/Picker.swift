public import Logging
public import SchedulerApplication
public import SchedulerDomain
public import SchedulerFoundation
public import ServiceLifecycle

/// Hands due runs to the workers: wakes at the next due time, on a hint, after each settled batch, or by the poll.
public struct Picker: Service {
    private let pickRuns: PickRuns
    private let queue: any MessageQueue
    private let wakeUps: any WakeUps
    private let loop: RoleLoop

    /// How soon to look again while another dispatcher picks.
    private static let contention: Duration = .milliseconds(5)

    /// - Parameters:
    ///   - signal: set by whoever frees a slot or a limit in this process.
    ///   - poll: the longest sleep; it covers for lost wake-ups.
    public init(
        pickRuns: PickRuns,
        queue: any MessageQueue,
        wakeUps: any WakeUps,
        signal: Signal,
        poll: Duration = .seconds(1),
        logger: Logger
    ) {
        self.pickRuns = pickRuns
        self.queue = queue
        self.wakeUps = wakeUps
        loop = RoleLoop(name: "picking runs", signal: signal, poll: poll, logger: logger)
    }

    public func run() async throws {
        await withTaskGroup { group in
            group.addTask { await forward(.runs, from: wakeUps, to: loop.signal) }
            await loop.run {
                // While the broker is away the workers pick from the store themselves.
                guard queue.isConnected else { return nil }
                let pass = try await pickRuns()
                return pass.isContended ? Picker.contention : pass.nextDueIn
            }
            group.cancelAll()
        }
    }
}
