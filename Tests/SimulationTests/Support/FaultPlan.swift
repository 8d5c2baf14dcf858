import SchedulerTestingUtils
import Synchronization

/// What goes wrong in a simulation, and when.
///
/// - SeeAlso: Groce et al., "Swarm Testing", ISSTA 2012: why not every plan holds every kind of fault.
final class FaultPlan: Sendable {
    private let system: SimulatedSystem
    private let injected = Mutex(0)
    private let isHealed = Mutex(false)

    /// How many faults were injected beside those of single calls and messages.
    var count: Int { injected.withLock { $0 } }

    /// The kinds of fault of a plan: all of them, or two, which then are not masked by others.
    static func kinds(using chance: inout SeededGenerator) -> [Int] {
        Bool.random(using: &chance) ? Array(0..<11) : (0..<2).map { _ in Int.random(in: 0..<11, using: &chance) }
    }

    /// In one of three simulations a kind of fault does not occur, so that others are seen alone.
    static func rates(using chance: inout SeededGenerator) -> FaultRates {
        func rate(_ most: Double) -> Double {
            Int.random(in: 0..<3, using: &chance) == 0 ? 0 : Double.random(in: 0...most, using: &chance)
        }
        return FaultRates(fail: rate(0.03), lose: rate(0.03), crash: rate(0.004), slow: rate(0.03))
    }

    static func network(using chance: inout SeededGenerator) -> NetworkFaults {
        func rate(_ most: Double) -> Double {
            Int.random(in: 0..<3, using: &chance) == 0 ? 0 : Double.random(in: 0...most, using: &chance)
        }
        var faults = NetworkFaults()
        faults.lost = rate(0.2)
        faults.unknown = rate(0.2)
        faults.doubled = rate(0.3)
        faults.delay = .milliseconds(Int64.random(in: 1...600, using: &chance))
        return faults
    }

    init(_ system: SimulatedSystem, _ kinds: [Int], within length: Duration, using chance: inout SeededGenerator) {
        self.system = system
        let millis = length.components.seconds * 1_000
        for _ in 0..<Int.random(in: 0...12, using: &chance) {
            let begin = Duration.milliseconds(Int64.random(in: 100...max(101, millis - 100), using: &chance))
            schedule(kinds.randomElement(using: &chance) ?? 0, at: begin, using: &chance)
        }
    }

    /// Ends every fault, so that from now on everything must come to its end.
    func heal() {
        isHealed.withLock { $0 = true }
        system.set(.none)
        system.healStore()
        system.network.set(NetworkFaults())
        for role in system.roles {
            system.process(of: role)?.resume()
        }
        system.history.note("plan", "all faults end")
    }

    private func schedule(_ kind: Int, at begin: Duration, using chance: inout SeededGenerator) {
        let roles = system.roles
        guard let role = roles.randomElement(using: &chance) else { return }
        let length = Duration.milliseconds(
            Int64.random(in: Bool.random(using: &chance) ? 50...3_000 : 3_000...9_000, using: &chance))
        switch kind {
        case 0, 1: inject(at: begin, "\(role) is killed") { $0.process(of: role)?.kill() }
        case 2, 3:
            inject(at: begin, "\(role) is paused for \(length)") { [self] system in
                let process = system.pause(role)
                after(length) { _ in process?.resume() }
            }
        case 4: inject(at: begin, "\(role) is told to end") { $0.terminate(role) }
        case 5:
            inject(at: begin, "the store is away for \(length)") { [self] system in
                system.setStoreAway(true)
                after(length) { $0.setStoreAway(false) }
            }
        case 6: cutOff(role, at: begin, for: length)
        case 7, 8:
            // For longer than a lease, so that what the worker runs is taken back while it goes on.
            let workers = roles.filter { if case .worker = $0 { true } else { false } }
            guard let worker = workers.randomElement(using: &chance) else { return }
            cutOff(worker, at: begin, for: .milliseconds(Int64.random(in: 4_000...10_000, using: &chance)))
        case 9:
            var away = NetworkFaults()
            away.isAway = true
            inject(at: begin, "the broker is away for \(length)") { [self, away] system in
                system.network.set(away)
                after(length) { $0.network.set(NetworkFaults()) }
            }
        default:
            let jump = Duration.milliseconds(Int64.random(in: -40_000...40_000, using: &chance))
            if Bool.random(using: &chance) {
                inject(at: begin, "the clock of \(role) jumps by \(jump)") {
                    $0.process(of: role)?.wallClock.jump(by: jump)
                }
            } else {
                inject(at: begin, "the store's clock jumps by \(jump)") { $0.storeClock.jump(by: jump) }
            }
        }
    }

    private func cutOff(_ role: SimulatedSystem.Role, at begin: Duration, for length: Duration) {
        inject(at: begin, "\(role) is cut off from the store for \(length)") { [self] system in
            system.setCutOff(role, true)
            after(length) { $0.setCutOff(role, false) }
        }
    }

    private func inject(at begin: Duration, _ what: String, _ fault: @escaping @Sendable (SimulatedSystem) -> Void) {
        system.simulator.at(begin) { [self] in
            guard !isHealed.withLock({ $0 }) else { return }
            system.history.note("plan", what)
            injected.withLock { $0 += 1 }
            fault(system)
        }
    }

    private func after(_ length: Duration, _ end: @escaping @Sendable (SimulatedSystem) -> Void) {
        system.simulator.at(system.simulator.elapsed + length) { [self] in
            guard !isHealed.withLock({ $0 }) else { return }
            end(system)
        }
    }
}
