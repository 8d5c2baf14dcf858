public import SchedulerDomain
import SchedulerErrors
private import Synchronization

/// How a broker and its network treat messages.
public struct NetworkFaults: Sendable {
    /// Chances of one message, 0–1: confirmed and lost, answered as unknown though it arrives, delivered twice.
    public var lost = 0.0
    public var unknown = 0.0
    public var doubled = 0.0
    /// The longest time that a message may be under way, so that later ones overtake it.
    public var delay = Duration.milliseconds(1)
    /// Whether the broker cannot be reached.
    public var isAway = false

    public init() {}
}

/// The broker of a simulation with the network around it; each process reaches it through a queue of its own.
public final class SimulatedNetwork: Sendable {
    private let base: any MessageQueue
    /// Where messages are under way.
    private let wire: SimulatedProcess
    private let silence: Duration
    private let faults = Mutex(NetworkFaults())

    /// - Parameter silence: after this time without a sign of life the broker gives a consumer up and delivers what it
    ///   held to others: two heartbeats.
    public init(base: any MessageQueue, silence: Duration = .seconds(20), in simulator: Simulator) {
        self.base = base
        self.silence = silence
        wire = SimulatedProcess("network", in: simulator)
    }

    public func set(_ faults: NetworkFaults) { self.faults.withLock { $0 = faults } }

    /// The queue as one process sees it.
    public func queue(of process: SimulatedProcess) -> any MessageQueue {
        NetworkQueue(network: self, process: process)
    }

    fileprivate var isAway: Bool { faults.withLock { $0.isAway } }

    /// What the broker answers about one message; what arrives of it does so by itself.
    fileprivate func send(_ message: OutgoingMessage) async -> PublishOutcome {
        let faults = faults.withLock { $0 }
        var chance = wire.simulator.chance
        func happens(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &chance) < probability }
        func wait() -> Duration {
            .microseconds(Int64.random(in: 100...max(101, faults.delay.microseconds), using: &chance))
        }
        if faults.isAway { return happens(0.5) ? .refused : .unknown }
        if happens(faults.lost) { return .confirmed }
        if happens(faults.unknown) {
            if happens(0.5) { deliver(message, after: wait()) }
            return .unknown
        }
        if happens(faults.doubled) { deliver(message, after: wait()) }
        if case .worker = message.route { return await base.publish([message])[0] }
        deliver(message, after: wait())
        return .confirmed
    }

    private func deliver(_ message: OutgoingMessage, after time: Duration) {
        wire.start { [base, wire] in
            await wire.simulator.pass(time)
            _ = await base.publish([message])
        }
    }

    private func dropWhenSilent(_ subscription: any QueueSubscription, of process: SimulatedProcess) {
        process.atPause { [wire, silence, weak process] in
            let begin = wire.simulator.elapsed
            wire.simulator.at(begin + silence) { [weak process] in
                guard process?.pausedSince == begin else { return }
                wire.start { await subscription.cancel() }
            }
        }
    }

    fileprivate func subscribe(
        to queue: QueueName, prefetch: Int, for process: SimulatedProcess
    ) async throws -> any QueueSubscription {
        if isAway || process.isDead { throw SchedulerError(.messageQueue, "the broker cannot be reached") }
        let subscription = try await base.subscribe(to: queue, prefetch: prefetch)
        // A broker notices that a connection is closed, and delivers what it held to others.
        process.atDeath { [wire] in wire.start { await subscription.cancel() } }
        // Who takes tasks subscribes again by itself. Others rely on their adapter for that, and stay.
        if queue != .status, queue != .dead { dropWhenSilent(subscription, of: process) }
        return NetworkSubscription(base: subscription, process: process)
    }
}

private struct NetworkQueue: MessageQueue {
    let network: SimulatedNetwork
    let process: SimulatedProcess

    var isConnected: Bool { !network.isAway && !process.isDead }

    func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] {
        var outcomes: [PublishOutcome] = []
        for message in messages {
            outcomes.append(process.isDead ? .unknown : await network.send(message))
        }
        var chance = process.simulator.chance
        await process.simulator.pass(.microseconds(Int64.random(in: 100...2_000, using: &chance)))
        return outcomes
    }

    func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
        try await network.subscribe(to: queue, prefetch: prefetch, for: process)
    }
}

/// What a dead process says of its deliveries is not heard.
private struct NetworkSubscription: QueueSubscription {
    let base: any QueueSubscription
    let process: SimulatedProcess

    var deliveries: AsyncStream<[Delivery]> { base.deliveries }

    func acknowledge(_ deliveries: [Delivery]) async {
        if !process.isDead { await base.acknowledge(deliveries) }
    }

    func requeue(_ deliveries: [Delivery]) async {
        if !process.isDead { await base.requeue(deliveries) }
    }

    func park(_ delivery: Delivery, reason: String) async {
        if !process.isDead { await base.park(delivery, reason: reason) }
    }

    func cancel() async { await base.cancel() }
}
