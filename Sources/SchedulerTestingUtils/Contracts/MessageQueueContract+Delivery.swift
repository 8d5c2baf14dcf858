import SchedulerDomain

extension MessageQueueContract {
    static let deliveryCases: [Case] = [
        Case("a message arrives as it was sent") { queue in
            let headers = ["traceparent": "00-1-2-01", "名": "wörd \u{1F600}"]
            let body = [UInt8](0...255)
            let outcomes = await queue.publish([
                OutgoingMessage(route: .tasks("shell"), body: body, headers: headers),
                OutgoingMessage(route: .tasks("shell"), body: []),
            ])
            try expectEqual(outcomes, [.confirmed, .confirmed], "the outcomes")
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let deliveries = try await take(2, from: subscription)
            try expect(deliveries[0].body == body, "the body has changed on the way")
            try expectEqual(deliveries[0].headers, headers, "the headers")
            try expect(!deliveries[0].isRedelivered, "the first delivery counts as redelivered")
            try expectEqual(deliveries[1].body, [], "the empty body")
        },
        Case("a message of five megabytes arrives whole") { queue in
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let outcomes = await queue.publish([OutgoingMessage(route: .tasks("shell"), body: body)])
            try expectEqual(outcomes, [.confirmed], "the outcome")
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            let delivery = try await take(1, from: subscription)[0]
            try expect(delivery.body == body, "the body has changed on the way")
        },
        Case("one consumer gets messages in the order of their publishing") { queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 50)
            let sent = (0..<200).map { "message \($0)" }
            try await publish(sent, to: queue)
            var got: [String] = []
            while got.count < sent.count {
                let deliveries = try await take(1, from: subscription)
                got += texts(deliveries)
                await subscription.acknowledge(deliveries)
            }
            try expectEqual(got, sent, "the order")
        },
        Case("no more than the prefetch is out at once") { queue in
            try await publish((0..<10).map { "message \($0)" }, to: queue)
            let small = try await queue.subscribe(to: .tasks("shell"), prefetch: 3)
            var held = try await take(3, from: small)
            // Whatever the first may not take, the second gets: so it is seen, without waiting, that no fourth came.
            let large = try await queue.subscribe(to: .tasks("shell"), prefetch: 100)
            let rest = try await take(7, from: large)
            try expectEqual(held.count, 3, "the number of deliveries within a prefetch of 3")
            try expectEqual(rest.count, 7, "the number of the others")
            await large.cancel()
            await small.acknowledge(held)
            held = try await take(3, from: small)
            try expectEqual(held.count, 3, "the number of deliveries after an acknowledgement")
        },
        Case("competing consumers share a queue, each message going to one") { queue in
            let first = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let second = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let sent = (0..<20).map { "message \($0)" }
            try await publish(sent, to: queue)
            let got = try await texts(take(10, from: first)) + texts(take(10, from: second))
            try expectEqual(got.sorted(), sent.sorted(), "what both got together")
        },
        Case("queues of different types are apart") { queue in
            let outcomes = await queue.publish([
                OutgoingMessage(route: .tasks("http"), body: Array("http".utf8)), message("shell"),
            ])
            try expectEqual(outcomes, [.confirmed, .confirmed], "the outcomes")
            let shell = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let http = try await queue.subscribe(to: .tasks("http"), prefetch: 10)
            try expectEqual(texts(try await take(1, from: shell)), ["shell"], "the shell queue")
            try expectEqual(texts(try await take(1, from: http)), ["http"], "the http queue")
        },
        Case("ends reach the status queue, whatever their kind; news of starts need no reader") { queue in
            let keys = MessageRoute.StatusKey.allCases
            let outcomes = await queue.publish(
                keys.map { OutgoingMessage(route: .status($0), body: Array($0.rawValue.utf8)) })
            try expectEqual(outcomes, keys.map { _ in .confirmed }, "the outcomes")
            let subscription = try await queue.subscribe(to: .status, prefetch: 10)
            let got = try await texts(take(3, from: subscription))
            try expectEqual(got.sorted(), ["completed", "failed", "success"], "what arrived")
        },
    ]
}
