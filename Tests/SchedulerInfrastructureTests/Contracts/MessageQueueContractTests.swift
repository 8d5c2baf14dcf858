import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("Message queue contract")
struct MessageQueueContractTests {
    @Test("the in-process queue keeps the contract", arguments: MessageQueueContract.cases)
    func inProcess(contract: MessageQueueContract.Case) async throws {
        let queue = ContractQueue("in process") { maxLength, use in
            let queue = InProcessMessageQueue(maxQueueLength: maxLength ?? 100_000)
            defer { queue.close() }
            try await use(queue)
        }
        try await queue.run(contract)
    }

    @Test(
        "RabbitMQ keeps the contract", .enabled(if: RabbitMQFixture.isAvailable),
        arguments: MessageQueueContract.cases)
    func rabbitMQ(contract: MessageQueueContract.Case) async throws {
        let queue = ContractQueue("RabbitMQ") { maxLength, use in
            var configuration = try RabbitMQFixture.sharedConfiguration()
            if let maxLength { configuration.maxQueueLength = maxLength }
            try await RabbitMQFixture.withQueue(configuration) { try await use($0) }
        }
        try await queue.run(contract)
    }

    @Test("a faulty queue without faults keeps the contract", arguments: MessageQueueContract.cases)
    func withoutFaults(contract: MessageQueueContract.Case) async throws {
        let queue = ContractQueue("faulty") { maxLength, use in
            let queue = InProcessMessageQueue(maxQueueLength: maxLength ?? 100_000)
            defer { queue.close() }
            try await use(FaultyQueue(base: queue))
        }
        try await queue.run(contract)
    }
}
