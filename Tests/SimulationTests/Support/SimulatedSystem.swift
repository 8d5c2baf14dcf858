import Logging
import SchedulerApplication
import SchedulerConfig
import SchedulerDispatcher
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerInfrastructure
import SchedulerTestingUtils
import SchedulerWorker
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization

/// The real services of every role over a store and a broker in memory, each role in a simulated process.
final class SimulatedSystem: Sendable {
    enum Role: Sendable, Hashable {
        case dispatcher(Int)
        case worker(Int)
        case client
    }

    private struct Running {
        var process: SimulatedProcess
        var shutdown: GracefulShutdownTestTrigger?
        /// When it was told to end.
        var endingSince: Duration?
        var wasPaused = false
    }

    private struct State {
        var running: [Role: Running] = [:]
        var faults = FaultRates()
        /// By how many faults each process is cut off from the store.
        var cutOff: [String: Int] = [:]
        /// By how many faults the store is away.
        var storeAway = 0
        var left: Set<WorkerID> = []
        var hasChanged = false
    }

    let simulator: Simulator
    let times: SimulatedTimes
    let history: History
    let effects: SideEffects
    let store: InMemoryStore
    let storeClock: SimulatedWallClock
    let network: SimulatedNetwork
    private let logger: Logger
    private let state = Mutex(State())

    init(seed: UInt64, times: SimulatedTimes = .short, prints: Bool) {
        simulator = Simulator(seed: seed)
        self.times = times
        history = History(simulator, prints: prints)
        effects = SideEffects(history)
        let clock = SimulatedWallClock(simulator)
        storeClock = clock
        store = InMemoryStore(now: { clock.now })
        network = SimulatedNetwork(
            base: InProcessMessageQueue(), silence: times.brokerHeartbeat * 2, in: simulator)
        let history = history
        logger = Logger(label: "simulation") { _ in
            prints ? HistoryLogHandler(history) as any LogHandler : SwiftLogNoOpLogHandler()
        }
    }

    var roles: [Role] { state.withLock { Array($0.running.keys) }.sorted { "\($0)" < "\($1)" } }
    var left: Set<WorkerID> { state.withLock { $0.left } }

    /// Whether the store may have changed since this was asked last.
    func takeChange() -> Bool {
        state.withLock { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }

    func process(of role: Role) -> SimulatedProcess? { state.withLock { $0.running[role]?.process } }

    // MARK: Faults

    func set(_ rates: FaultRates) { state.withLock { $0.faults = rates } }
    func setStoreAway(_ isAway: Bool) { state.withLock { $0.storeAway += isAway ? 1 : -1 } }

    /// Brings everybody back to the store.
    func healStore() { state.withLock { ($0.storeAway, $0.cutOff) = (0, [:]) } }

    func setCutOff(_ role: Role, _ isCutOff: Bool) {
        state.withLock { $0.cutOff["\(role)", default: 0] += isCutOff ? 1 : -1 }
    }

    /// A client is never killed, and hears of lost answers like everybody.
    func decideForClient(_ process: SimulatedProcess, _ call: String) -> PortFault {
        let fault = decide(process, call)
        state.withLock { $0.hasChanged = true }
        return switch fault {
        case .crashBefore: .failBefore
        case .crashAfter: .failAfter
        default: fault
        }
    }

    private func decide(_ process: SimulatedProcess, _ call: String) -> PortFault {
        let (rates, isAway) = state.withLock { state in
            (state.faults, state.storeAway > 0 || state.cutOff[process.name] ?? 0 > 0)
        }
        var chance = simulator.chance
        if isAway { return .failBefore }
        return rates.pick(using: &chance)
    }

    // MARK: Processes

    /// Starts a role in a process of its own; it comes back by itself when that ends.
    func start(_ role: Role) {
        let process = SimulatedProcess("\(role)", in: simulator)
        state.withLock { $0.running[role] = Running(process: process) }
        process.atDeath { [self] in
            history.note(process.name, "is dead")
            effects.processEnded(process)
            ended(role, process)
        }
        let ports = SimulatedPorts(
            of: process,
            note: { [self] process, name, what in
                history.note(process.name, "\(name) \(what)")
                state.withLock { $0.hasChanged = true }
            }, decide: { [self] in decide($0, $1) })
        let view = FaultyStore(base: store, calls: ports)
        process.start { [self] in
            await testGracefulShutdown { trigger in
                state.withLock { $0.running[role]?.shutdown = trigger }
                do {
                    try await run(services(of: role, process, view))
                } catch {
                    if !process.isDead { history.violation("\(role) ended with \(error)") }
                }
            }
            guard !process.isDead else { return }
            checkEnd(of: role)
            history.note(process.name, "has ended")
            process.kill()
        }
    }

    /// Asks for a graceful shutdown, as SIGTERM does; a new process follows.
    func terminate(_ role: Role) {
        let trigger = state.withLock { state in
            if state.running[role]?.endingSince == nil { state.running[role]?.endingSince = simulator.elapsed }
            return state.running[role]?.shutdown
        }
        history.note("\(role)", "is told to end")
        // Delivered in the process, as a signal is.
        process(of: role)?.start { trigger?.triggerGracefulShutdown() }
    }

    /// A process ends when it is told to, and within its grace where it could go on all the time.
    private func checkEnd(of role: Role) {
        guard let running = state.withLock({ $0.running[role] }), role != .client else { return }
        guard let since = running.endingSince else { return history.violation("\(role) ended by itself") }
        let took = simulator.elapsed - since
        if case .worker = role, !running.wasPaused, took > times.worker.shutdownGrace {
            history.violation("\(role) took \(took) to end")
        }
    }

    func pause(_ role: Role) -> SimulatedProcess? {
        let process = state.withLock { state in
            state.running[role]?.wasPaused = true
            return state.running[role]?.process
        }
        process?.pause()
        return process
    }

    private func ended(_ role: Role, _ process: SimulatedProcess) {
        var chance = simulator.chance
        let wait = Duration.milliseconds(Int64.random(in: 50...2_000, using: &chance))
        if role != .client { simulator.at(simulator.elapsed + wait) { self.start(role) } }
    }

    private func run(_ services: [any Service]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            try await group.waitForAll()
        }
    }

    private func services(
        of role: Role, _ process: SimulatedProcess, _ view: FaultyStore
    ) -> [any Service] {
        let queue = network.queue(of: process)
        switch role {
        case .dispatcher:
            return Dispatcher.services(
                store: view, queue: queue, settings: times.dispatcher, lease: times.lease,
                killGrace: times.worker.killGrace, clock: process.wallClock, logger: logger)
        case .worker(let number):
            let functions = FunctionRegistry()
            functions.register("work", effects.function(on: process))
            return [
                WorkerService(
                    identity: WorkerIdentity(name: "worker-\(number)", hostname: "simulated", taskTypes: ["function"]),
                    store: LeavingStore(base: view) { id in self.state.withLock { _ = $0.left.insert(id) } },
                    queue: queue,
                    executors: DefaultExecutorRegistry([FunctionExecutor(functions, clock: process.wallClock)]),
                    configuration: times.worker, clock: process.wallClock,
                    onUnfenceable: { _ in process.kill() }, logger: logger)
            ]
        case .client: return []
        }
    }
}
