import SchedulerApplication
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization

@testable import SchedulerWorker

/// A broker for tests of the worker, which can go away, lose what it confirmed, and shows what became of messages.
final class FakeQueue: MessageQueue {
    struct State {
        var waiting: [QueueName: [Delivery]] = [:]
        var subscriptions: [QueueName: FakeSubscription] = [:]
        var isConnected = true
        /// Confirms status messages and forgets them.
        var losesStatus = false
        var nextTag: UInt64 = 0
        var statusMessages: [(route: MessageRoute, outcomes: [RunOutcome])] = []
        var acknowledged = 0
        /// Acknowledgements wait for it.
        var acknowledging: Latch<Void>?
        var parked: [String] = []
    }

    private let state = Mutex(State())

    func read<Result: Sendable>(_ body: (State) -> Result) -> Result { state.withLock { body($0) } }
    func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

    var isConnected: Bool { read { $0.isConnected } }

    /// Every outcome that was published, copies included.
    var outcomes: [RunOutcome] { read { $0.statusMessages.flatMap(\.outcomes) } }

    func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] {
        messages.map { message in
            guard isConnected else { return .unknown }
            switch message.route {
            case .tasks(let type): send(message.body, to: .tasks(type))
            case .worker(let worker): send(message.body, to: .worker(worker))
            case .status:
                guard let outcomes = try? MessageDecoder.outcomes(in: message.body) else { return .refused }
                change { $0.statusMessages.append((message.route, outcomes)) }
            }
            return .confirmed
        }
    }

    func send(_ body: [UInt8], to name: QueueName) {
        change { state in
            state.nextTag += 1
            let delivery = Delivery(body: body, isRedelivered: false, generation: 1, tag: state.nextTag)
            state.waiting[name, default: []].append(delivery)
            state.pump(name)
        }
    }

    func offer(_ attempts: [RunAttempt], to type: String = "function") {
        send(TaskExecutionMessage(attempts: attempts).encoded(at: VirtualClock.start), to: .tasks(type))
    }

    func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
        let subscription = FakeSubscription(name: queue, prefetch: prefetch, queue: self)
        change { state in
            state.subscriptions[queue] = subscription
            state.pump(queue)
        }
        return subscription
    }
}

extension FakeQueue.State {
    mutating func pump(_ name: QueueName) {
        guard isConnected, let subscription = subscriptions[name] else { return }
        let room = subscription.room
        let deliveries = Array(waiting[name, default: []].prefix(room))
        guard !deliveries.isEmpty else { return }
        waiting[name]?.removeFirst(deliveries.count)
        subscription.deliver(deliveries)
    }
}

final class FakeSubscription: QueueSubscription {
    let deliveries: AsyncStream<[Delivery]>
    private let input: AsyncStream<[Delivery]>.Continuation
    private let name: QueueName
    private let prefetch: Int
    private let queue: FakeQueue
    private let open = Mutex<[UInt64: Delivery]>([:])

    init(name: QueueName, prefetch: Int, queue: FakeQueue) {
        (deliveries, input) = AsyncStream.makeStream()
        self.name = name
        self.prefetch = prefetch
        self.queue = queue
    }

    var room: Int { open.withLock { prefetch - $0.count } }

    func deliver(_ deliveries: [Delivery]) {
        open.withLock { open in for delivery in deliveries { open[delivery.tag] = delivery } }
        input.yield(deliveries)
    }

    func acknowledge(_ deliveries: [Delivery]) async {
        _ = await queue.read { $0.acknowledging }?.wait()
        let known = take(deliveries)
        queue.change { state in
            state.acknowledged += known.count
            state.pump(name)
        }
    }

    func requeue(_ deliveries: [Delivery]) async {
        let known = take(deliveries)
        queue.change { state in
            state.waiting[name, default: []].insert(contentsOf: known, at: 0)
            state.pump(name)
        }
    }

    func park(_ delivery: Delivery, reason: String) async {
        guard !take([delivery]).isEmpty else { return }
        queue.change { state in
            state.parked.append(reason)
            state.pump(name)
        }
    }

    func cancel() async {
        queue.change { state in
            if state.subscriptions[name] === self { state.subscriptions[name] = nil }
            let left = open.withLock { open in
                defer { open = [:] }
                return open.values.sorted { $0.tag < $1.tag }
            }
            state.waiting[name, default: []].insert(contentsOf: left, at: 0)
            state.pump(name)
        }
        input.finish()
    }

    private func take(_ deliveries: [Delivery]) -> [Delivery] {
        open.withLock { open in deliveries.compactMap { open.removeValue(forKey: $0.tag) } }
    }
}
