public import SchedulerDomain
import SchedulerErrors
private import Synchronization

/// A message queue that fails as told: loses messages, lies about them, sends them twice, is away for a while.
public final class FaultyQueue: MessageQueue {
    /// What goes wrong with one publish.
    public enum Fault: Sendable, Hashable {
        /// It does not arrive, and this is the answer.
        case lose(PublishOutcome)
        /// It arrives, and this is the answer all the same.
        case misreport(PublishOutcome)
        /// It arrives twice.
        case duplicate
    }

    private struct State {
        var published = 0
        var subscribed = 0
        var isAway = false
    }

    private let base: any MessageQueue
    private let publishFault: @Sendable (Int, OutgoingMessage) -> Fault?
    private let failsSubscribe: @Sendable (Int) -> Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - failsSubscribe: whether the n-th subscribe, from 1, throws.
    ///   - publishFault: what goes wrong with the n-th message, from 1; nil: nothing.
    public init(
        base: any MessageQueue,
        failsSubscribe: @escaping @Sendable (_ n: Int) -> Bool = { _ in false },
        publishFault: @escaping @Sendable (_ n: Int, OutgoingMessage) -> Fault? = { _, _ in nil }
    ) {
        self.base = base
        self.failsSubscribe = failsSubscribe
        self.publishFault = publishFault
    }

    /// How many messages were published through it, lost ones included.
    public var publishedCount: Int { state.withLock { $0.published } }

    /// Takes the broker away or brings it back: away, publishing is refused and subscribing throws.
    public func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    public var isConnected: Bool { !state.withLock { $0.isAway } && base.isConnected }

    public func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] {
        var outcomes: [PublishOutcome] = []
        for message in messages { outcomes.append(await publish(message)) }
        return outcomes
    }

    public func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
        let fails = state.withLock { state in
            state.subscribed += 1
            return state.isAway || failsSubscribe(state.subscribed)
        }
        guard !fails else { throw SchedulerError(.messageQueue, "the message queue cannot be reached") }
        return try await base.subscribe(to: queue, prefetch: prefetch)
    }

    private func publish(_ message: OutgoingMessage) async -> PublishOutcome {
        let (number, isAway) = state.withLock { state in
            state.published += 1
            return (state.published, state.isAway)
        }
        guard !isAway else { return .refused }
        let fault = publishFault(number, message)
        if case .lose(let outcome) = fault { return outcome }
        let outcome = await base.publish([message])[0]
        switch fault {
        case .misreport(let lie): return lie
        case .duplicate: return await base.publish([message])[0]
        case .lose, nil: return outcome
        }
    }
}
