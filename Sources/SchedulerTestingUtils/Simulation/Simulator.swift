public import SchedulerDomain
private import Synchronization

/// A machine in which many processes run on one thread, in virtual time, in an order that a seed decides.
///
/// Each process is a task executor (`SimulatedProcess`); what is ready in any of them waits here. A step takes one job
/// at random and runs it; when nothing is ready, the time moves to whoever sleeps shortest. Nothing else drives it, so
/// the same seed gives the same history, down to the last job.
///
/// It holds as long as nothing in a process uses another clock, another source of chance or another thread than those
/// that `SimulatedProcess.start` gives it, and hashing is deterministic (`SWIFT_DETERMINISTIC_HASHING=1`).
///
/// - SeeAlso: Zhou et al., "FoundationDB: A Distributed Unbundled Transactional Key Value Store", SIGMOD 2021, section 4.
public final class Simulator: Sendable {
    /// How far the time moves with each job, so that a loop without a wait is seen as one that takes time.
    private static let jobTime = Duration.microseconds(5)

    private struct Timer {
        var due: Duration
        var id: UInt64
        var fire: @Sendable () -> Void
    }

    private struct Ready {
        var job: UnownedJob
        var process: SimulatedProcess
    }

    private struct State {
        var elapsed = Duration.zero
        var lastID: UInt64 = 0
        /// Latest first, so that the next is taken from the end.
        var timers: [Timer] = []
        var ready: [Ready] = []
        var chance: SeededGenerator
    }

    public let seed: UInt64
    /// What calendars show when the simulation begins.
    public let start: UTCInstant
    /// Where the monotonic clock stands when it begins.
    let epoch = ContinuousClock.now
    private let state: Mutex<State>

    public init(seed: UInt64, start: UTCInstant = VirtualClock.start) {
        self.seed = seed
        self.start = start
        state = Mutex(State(chance: SeededGenerator(seed: seed)))
    }

    /// How much time has passed since the start.
    public var elapsed: Duration { state.withLock { $0.elapsed } }

    /// The same random bits for everybody in it.
    public var chance: SimulatedChance { SimulatedChance(simulator: self) }

    func nextRandom() -> UInt64 { state.withLock { $0.chance.next() } }

    /// Calls the closure at a time, on the thread of the simulation and outside of every process.
    ///
    /// - Returns: what `cancel` takes.
    @discardableResult
    public func at(_ due: Duration, _ fire: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            let timer = Timer(due: max(due, state.elapsed), id: state.lastID, fire: fire)
            let index = state.timers.firstIndex { ($0.due, $0.id) < (timer.due, timer.id) } ?? state.timers.endIndex
            state.timers.insert(timer, at: index)
            return timer.id
        }
    }

    /// Takes a timer back.
    ///
    /// - Returns: false where it has fired, or is about to.
    @discardableResult
    public func cancel(_ id: UInt64) -> Bool {
        state.withLock { state in
            guard let index = state.timers.firstIndex(where: { $0.id == id }) else { return false }
            state.timers.remove(at: index)
            return true
        }
    }

    func enqueue(_ job: UnownedJob, of process: SimulatedProcess) {
        state.withLock { $0.ready.append(Ready(job: job, process: process)) }
    }

    /// Runs until the condition holds, the time is over, or nobody has anything to do.
    ///
    /// Blocks the calling thread, which is the one on which everything happens.
    /// - Parameter isDone: asked before each step.
    /// - Returns: whether the condition holds.
    @discardableResult
    public func run(until end: Duration, _ isDone: () -> Bool = { false }) -> Bool {
        while true {
            if isDone() { return true }
            if let ready = takeReady() {
                ready.job.runSynchronously(on: ready.process.asUnownedTaskExecutor())
            } else if let timer = takeTimer(before: end) {
                timer.fire()
            } else {
                state.withLock { $0.elapsed = max($0.elapsed, end) }
                return isDone()
            }
        }
    }

    /// Any of the jobs of processes that are not paused; nil where there is none.
    private func takeReady() -> Ready? {
        state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            // Nearly always nobody is paused, and the first try counts.
            var index = Int.random(in: state.ready.indices, using: &state.chance)
            if state.ready[index].process.isPaused {
                let able = state.ready.indices.filter { !state.ready[$0].process.isPaused }
                guard !able.isEmpty else { return nil }
                index = able[Int.random(in: able.indices, using: &state.chance)]
            }
            state.elapsed += Simulator.jobTime
            return state.ready.remove(at: index)
        }
    }

    private func takeTimer(before end: Duration) -> Timer? {
        state.withLock { state in
            guard let timer = state.timers.last, timer.due <= end else { return nil }
            state.timers.removeLast()
            state.elapsed = max(state.elapsed, timer.due)
            return timer
        }
    }
}

/// The random bits of a simulation.
public struct SimulatedChance: ChanceSource, RandomNumberGenerator {
    let simulator: Simulator

    public func next() -> UInt64 { simulator.nextRandom() }
}
