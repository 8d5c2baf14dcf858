import SchedulerDomain
import SchedulerFoundation
private import Synchronization

/// One process of a simulated system: what is started in it runs nowhere else, and stops with it.
///
/// A pause (SIGSTOP) keeps everything in it from running until `resume`, while the time and the others go on. A killed
/// process does nothing more that anybody could see: every call that it makes through `SimulatedPorts` fails from then
/// on without effect, however far its code still runs.
public final class SimulatedProcess: TaskExecutor {
    private struct State {
        var pausedSince: Duration?
        var isDead = false
        var tasks: [Task<Void, Never>] = []
        var atPause: [@Sendable () -> Void] = []
        var atDeath: [@Sendable () -> Void] = []
    }

    public let name: String
    public let simulator: Simulator
    /// What calendars show in it.
    public let wallClock: SimulatedWallClock
    private let state = Mutex(State())

    public init(_ name: String, in simulator: Simulator) {
        self.name = name
        self.simulator = simulator
        wallClock = SimulatedWallClock(simulator)
    }

    public func enqueue(_ job: consuming ExecutorJob) { simulator.enqueue(UnownedJob(job), of: self) }

    public var isPaused: Bool { pausedSince != nil }
    /// When it was paused, since the start of the simulation; nil where it runs.
    public var pausedSince: Duration? { state.withLock { $0.pausedSince } }
    public var isDead: Bool { state.withLock { $0.isDead } }

    /// Stops it, unless it is stopped or dead.
    public func pause() {
        let now = simulator.elapsed
        let hooks = state.withLock { state in
            guard !state.isDead, state.pausedSince == nil else { return [@Sendable () -> Void]() }
            state.pausedSince = now
            return state.atPause
        }
        for hook in hooks { hook() }
    }

    public func resume() { state.withLock { $0.pausedSince = nil } }

    /// Runs a body in the process, with the time and the chance of the simulation.
    @discardableResult
    public func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        let task = Task(executorPreference: self) { [simulator] in
            await MonotonicClock.$source.withValue(SimulatedSteadyClock(simulator: simulator)) {
                await Chance.$source.withValue(simulator.chance) {
                    await UnstructuredTask.$executor.withValue(self) { await body() }
                }
            }
        }
        state.withLock { $0.tasks.append(task) }
        return task
    }

    /// Has something done each time that the process is paused.
    public func atPause(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.atPause.append(body) } }

    /// Has something done when the process is killed, as the system does that closes its connections.
    public func atDeath(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.atDeath.append(body) } }

    /// Ends it at once, as SIGKILL does.
    public func kill() {
        let (tasks, closing) = state.withLock { state in
            defer { (state.tasks, state.atPause, state.atDeath) = ([], [], []) }
            guard !state.isDead else { return ([Task<Void, Never>](), [@Sendable () -> Void]()) }
            // What still runs in it ends by itself.
            (state.isDead, state.pausedSince) = (true, nil)
            return (state.tasks, state.atDeath)
        }
        for close in closing { close() }
        for task in tasks { task.cancel() }
    }
}
