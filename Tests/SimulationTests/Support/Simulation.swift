import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import SchedulerWorker
import Synchronization

/// One history of the whole system, made by a seed: tasks, processes and faults at random, then peace, then the account.
struct Simulation {
    struct Result: Sendable {
        var seed: UInt64
        var violations: [String]
        var digest: UInt64
        var steps: Int
        var faults: Int
        var runs: Int
        /// Its last lines.
        var end: [String]
    }

    /// How long nothing may start or end after the last fault while something waits: the longest of its waits is for
    /// runs that nobody reports, which the leader ends half a minute after their time.
    private static let patience = Duration.seconds(80)

    /// A history in which hardly anybody could do anything says little, so it goes on.
    private static let leastSteps = 200

    private let system: SimulatedSystem
    private var plan: SeededGenerator

    private init(seed: UInt64, prints: Bool) {
        system = SimulatedSystem(seed: seed, times: Simulation.times(seed: seed), prints: prints)
        // Apart from the numbers of the simulation itself, so that a change of the services leaves the plan as it is.
        plan = SeededGenerator(seed: seed ^ 0xA5A5_5A5A_0F0F_F0F0)
    }

    /// Few slots make runs wait; many let a run that was taken back start elsewhere at once.
    private static func times(seed: UInt64) -> SimulatedTimes {
        var chance = SeededGenerator(seed: seed ^ 0x0F0F_A5A5_F0F0_5A5A)
        var times = SimulatedTimes.short
        times.worker.slots = [2, 4, 64].randomElement(using: &chance) ?? 4
        return times
    }

    /// Runs to the end on a thread of its own.
    static func run(seed: UInt64, prints: Bool = false) async -> Result {
        await withCheckedContinuation { continuation in
            BlockingThread.startRequired(named: "simulation") {
                var simulation = Simulation(seed: seed, prints: prints)
                continuation.resume(returning: simulation.play())
            }
        }
    }

    private mutating func play() -> Result {
        let simulator = system.simulator
        let history = system.history
        let tasks = createTasks()
        var promise = Promise(system.store, system.effects, lease: system.times.lease, history)
        let dispatchers = Int.random(in: 1...3, using: &plan)
        let workers = Int.random(in: 1...3, using: &plan)
        for number in 1...dispatchers { system.start(.dispatcher(number)) }
        for number in 1...workers { system.start(.worker(number)) }
        let user = SimulatedProcess("client", in: simulator)
        let ports = SimulatedPorts(of: user, decide: { [system] in system.decideForClient($0, $1) })
        let client = Client(
            FaultyStore(base: system.store, calls: ports), tasks, clock: user.wallClock, history)
        user.start { await client.run() }

        let length = Duration.milliseconds(Int64.random(in: 6_000...18_000, using: &plan))
        let kinds = FaultPlan.kinds(using: &plan)
        if kinds.count > 2 {
            system.set(FaultPlan.rates(using: &plan))
            system.network.set(FaultPlan.network(using: &plan))
        }
        let faults = FaultPlan(system, kinds, within: length, using: &plan)
        let (system, before) = (system, history)
        func step() -> Bool {
            if system.takeChange() { promise.check(system.store.snapshot, at: simulator.elapsed, left: system.left) }
            return !before.violations.isEmpty
        }
        simulator.run(until: length) { step() }
        var end = length
        while history.steps < Simulation.leastSteps, history.violations.isEmpty {
            end += .seconds(1)
            simulator.run(until: end) { step() }
        }
        faults.heal()
        client.stop()
        var (progress, seen) = (-1, end)
        while simulator.elapsed < seen + Simulation.patience {
            let isOver = simulator.run(until: simulator.elapsed + .seconds(1)) {
                step() || (client.hasStopped && system.store.snapshot.live.isEmpty)
            }
            if isOver { break }
            let snapshot = system.store.snapshot
            let runs = Array(snapshot.history.values) + snapshot.live.values
            let now = snapshot.history.count + runs.reduce(0) { $0 + $1.attempt }
            if now != progress { (progress, seen) = (now, simulator.elapsed) }
        }
        let last = system.store.snapshot
        if history.violations.isEmpty {
            promise.checkEnd(last, accepted: client.accepted)
            checkLedger(last, tasks)
        }
        for role in system.roles { system.process(of: role)?.kill() }
        return Result(
            seed: simulator.seed, violations: history.violations, digest: history.digest, steps: history.steps,
            faults: faults.count, runs: last.history.count, end: history.end)
    }

    /// Before the first fault.
    private mutating func createTasks() -> [TaskDefinition] {
        let drafts = TaskPlan.drafts(at: system.storeClock.now, using: &plan)
        let created = Mutex<[TaskDefinition]>([])
        let process = SimulatedProcess("setup", in: system.simulator)
        let (store, history) = (system.store, system.history)
        process.start {
            do {
                for draft in drafts {
                    let tasks = try await store.tasks.create([draft])
                    created.withLock { $0 += tasks }
                }
            } catch {
                history.violation("the tasks cannot be created: \(error)")
            }
        }
        system.simulator.run(until: .milliseconds(1)) { created.withLock { $0.count == drafts.count } }
        return created.withLock { $0 }
    }

    private func checkLedger(_ now: StoreSnapshot, _ tasks: [TaskDefinition]) {
        let runs = Dictionary(grouping: now.history.values.filter { $0.trigger == .scheduled }, by: \.task)
        for task in tasks where task.spec.schedule != nil {
            let ledger = Ledger(task: task, fires: now.fires[task.id] ?? [], runs: runs[task.id] ?? [])
            do {
                for fault in try ledger.faults(
                    since: task.createdAt, until: now.tasks[task.id]?.updatedAt ?? task.createdAt)
                { system.history.violation(fault) }
            } catch {
                system.history.violation("the ledger of task \(task.id) cannot be read: \(error)")
            }
        }
    }
}
