public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// A message queue that the contract is run on: its name, and how to open an empty one for the length of a test.
///
/// An adapter written elsewhere makes a value of its own and loops over `MessageQueueContract.cases`.
public struct ContractQueue: Sendable, CustomStringConvertible {
    public typealias Use = @Sendable (any MessageQueue) async throws -> Void

    public let description: String
    private let open: @Sendable (_ maxLength: Int?, Use) async throws -> Void

    /// - Parameter open: opens a queue that holds nothing, each of its queues bounded by about `maxLength` messages
    ///   where that is given, hands it to `Use`, and disposes of it afterwards, also when `Use` throws.
    public init(_ name: String, open: @escaping @Sendable (_ maxLength: Int?, Use) async throws -> Void) {
        description = name
        self.open = open
    }

    /// Runs one case on a fresh queue.
    ///
    /// - Throws: `ContractViolation` where the queue does not keep to the sentence; else what the queue throws.
    public func run(_ contract: MessageQueueContract.Case) async throws {
        try await open(contract.maxLength) { queue in try await contract.body(queue) }
    }
}

/// What every message queue does, case by case.
public enum MessageQueueContract {
    /// One sentence of the contract, and the steps that prove it.
    public struct Case: Sendable, CustomStringConvertible {
        /// The sentence; test reports show it.
        public let description: String
        /// About how long each queue may get; nil: as long as the adapter likes.
        let maxLength: Int?
        let body: @Sendable (any MessageQueue) async throws -> Void

        init(
            _ sentence: String, maxLength: Int? = nil, body: @escaping @Sendable (any MessageQueue) async throws -> Void
        ) {
            description = sentence
            self.maxLength = maxLength
            self.body = body
        }
    }

    public static let cases: [Case] = deliveryCases + settlementCases + publishCases + subscriptionCases
}

// MARK: - Steps

extension MessageQueueContract {
    /// How long anything that must happen may take.
    static let patience = Duration.seconds(20)

    /// A message to the queue `task.shell`.
    static func message(_ text: String, headers: [String: String] = [:]) -> OutgoingMessage {
        OutgoingMessage(route: .tasks("shell"), body: Array(text.utf8), headers: headers)
    }

    static func publish(_ texts: [String], to queue: any MessageQueue) async throws {
        let outcomes = await queue.publish(texts.map { message($0) })
        try expect(
            outcomes == texts.map { _ in .confirmed }, "the outcomes of \(texts.count) publishes are \(Set(outcomes))")
    }

    /// Returns the next deliveries, at least `count` of them.
    static func take(_ count: Int, from subscription: any QueueSubscription) async throws -> [Delivery] {
        try await withTimeout(patience, "the delivery of \(count) messages") {
            var taken: [Delivery] = []
            while taken.count < count {
                var batches = subscription.deliveries.makeAsyncIterator()
                guard let batch = await batches.next() else {
                    try Task.checkCancellation()
                    throw ContractViolation(description: "the stream ended after \(taken.count) of \(count) deliveries")
                }
                taken += batch
            }
            return taken
        }
    }

    static func texts(_ deliveries: [Delivery]) -> [String] {
        deliveries.map { String(decoding: $0.body, as: UTF8.self) }
    }
}
