import SchedulerDomain

extension MessageQueueContract {
    static let settlementCases: [Case] = [
        Case("what was acknowledged does not come again") { queue in
            try await publish(["first"], to: queue)
            let before = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            await before.acknowledge(try await take(1, from: before))
            await before.cancel()
            try await publish(["second"], to: queue)
            let after = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try expectEqual(texts(try await take(1, from: after)), ["second"], "what is left")
        },
        Case("what was requeued comes again and says so") { queue in
            try await publish(["again"], to: queue)
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            await subscription.requeue(try await take(1, from: subscription))
            let again = try await take(1, from: subscription)
            try expectEqual(texts(again), ["again"], "what came again")
            try expect(again[0].isRedelivered, "the second delivery does not count as redelivered")
            await subscription.acknowledge(again)
        },
        Case("what a cancelled subscription held goes to another") { queue in
            try await publish(["kept", "left"], to: queue)
            let first = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let held = try await take(2, from: first)
            await first.acknowledge([held[0]])
            await first.cancel()
            let second = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let got = try await take(1, from: second)
            try expectEqual(texts(got), ["left"], "what went to the other")
            try expect(got[0].isRedelivered, "it does not count as redelivered")
        },
        Case("acknowledging out of order keeps the queue going") { queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 4)
            try await publish((0..<40).map { "message \($0)" }, to: queue)
            // The first is held to the end, as a slow one would be.
            var slow: [Delivery] = []
            var seen: Set<String> = []
            while seen.count < 40 {
                var batch = try await take(1, from: subscription)
                seen.formUnion(texts(batch))
                if slow.isEmpty { slow = [batch.removeFirst()] }
                for delivery in batch.reversed() { await subscription.acknowledge([delivery]) }
            }
            await subscription.acknowledge(slow)
        },
        Case("acknowledging twice, or by a void receipt, changes nothing") { queue in
            try await publish(["first", "second"], to: queue)
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            let first = try await take(1, from: subscription)
            var void = first[0]
            void.generation += 1_000
            await subscription.acknowledge([void])
            await subscription.acknowledge(first)
            await subscription.acknowledge(first)
            await subscription.requeue(first)
            let second = try await take(1, from: subscription)
            try expectEqual(texts(second), ["second"], "the next delivery")
            await subscription.acknowledge(second)
            try await publish(["third"], to: queue)
            try expectEqual(texts(try await take(1, from: subscription)), ["third"], "the last delivery")
        },
        Case("poison is parked with its reason, and the queue goes on") { queue in
            let dead = try await queue.subscribe(to: .dead, prefetch: 10)
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            let outcomes = await queue.publish([message("poison", headers: ["traceparent": "t"]), message("sound")])
            try expectEqual(outcomes, [.confirmed, .confirmed], "the outcomes")
            await subscription.park(try await take(1, from: subscription)[0], reason: "not JSON: \"\u{1}\"")
            let sound = try await take(1, from: subscription)
            try expectEqual(texts(sound), ["sound"], "the next delivery")
            await subscription.acknowledge(sound)
            let parked = try await take(1, from: dead)
            try expectEqual(texts(parked), ["poison"], "what is parked")
            try expectEqual(
                parked[0].headers,
                [
                    "traceparent": "t", ParkedMessage.reasonHeader: "not JSON: \"\u{1}\"",
                    ParkedMessage.queueHeader: "task.shell",
                ], "its headers")
        },
    ]
}
