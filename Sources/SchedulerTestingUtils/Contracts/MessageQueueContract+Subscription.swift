import SchedulerDomain
import SchedulerFoundation

extension MessageQueueContract {
    static let subscriptionCases: [Case] = [
        Case("the stream ends when the subscription is cancelled, and cancelling twice is harmless") { queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try await withTimeout(patience, "the end of the stream") {
                async let end: Void = readToEnd(of: subscription)
                await subscription.cancel()
                await end
            }
            await subscription.cancel()
        },
        Case("a consumer that came before the first message gets it") { queue in
            let subscription = try await queue.subscribe(to: .tasks("lua"), prefetch: 1)
            let outcomes = await queue.publish([OutgoingMessage(route: .tasks("lua"), body: Array("late".utf8))])
            try expectEqual(outcomes, [.confirmed], "the outcome")
            try expectEqual(texts(try await take(1, from: subscription)), ["late"], "what arrived")
        },
        Case("what a cancelled reader left in the stream is not lost") { queue in
            let first = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let reader = Task { await readToEnd(of: first) }
            reader.cancel()
            await reader.value
            try await publish(["left"], to: queue)
            await first.cancel()
            let second = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try expectEqual(texts(try await take(1, from: second)), ["left"], "what went to another reader")
        },
        Case("subscribing and cancelling many times leaves nothing behind") { queue in
            try await publish(["message"], to: queue)
            for _ in 0..<50 {
                let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 2)
                _ = try await take(1, from: subscription)
                await subscription.cancel()
            }
            let last = try await queue.subscribe(to: .tasks("shell"), prefetch: 2)
            try expectEqual(texts(try await take(1, from: last)), ["message"], "what is there at the end")
        },
    ]

    private static func readToEnd(of subscription: any QueueSubscription) async {
        for await _ in subscription.deliveries {}
    }
}
