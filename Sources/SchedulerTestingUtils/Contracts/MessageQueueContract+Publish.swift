import SchedulerDomain

extension MessageQueueContract {
    static let publishCases: [Case] = [
        Case("a message to a worker without a queue is returned; with one it arrives") { queue in
            let worker = WorkerID(bits: 0x018F_0000_0000_7000_8000_0000_0000_0001)
            let message = OutgoingMessage(route: .worker(worker), body: Array("drain".utf8))
            try expectEqual(await queue.publish([message]), [.returned], "the outcome without a queue")
            let subscription = try await queue.subscribe(to: .worker(worker), prefetch: 10)
            try expectEqual(await queue.publish([message]), [.confirmed], "the outcome with a queue")
            try expectEqual(texts(try await take(1, from: subscription)), ["drain"], "what arrived")
        },
        Case("outcomes stand in the order of the messages") { queue in
            let worker = WorkerID(bits: 0x018F_0000_0000_7000_8000_0000_0000_0002)
            let outcomes = await queue.publish([
                message("a"), OutgoingMessage(route: .worker(worker), body: [1]), message("b"),
            ])
            try expectEqual(outcomes, [.confirmed, .returned, .confirmed], "the outcomes")
            try expectEqual(await queue.publish([]), [], "the outcomes of nothing")
        },
        Case("a full queue refuses, and takes messages again when it was emptied", maxLength: 10) { queue in
            // A broker may let a few more through than the bound says.
            var accepted = 0
            var last = PublishOutcome.confirmed
            while last == .confirmed, accepted < 500 {
                last = await queue.publish([message("message \(accepted)")])[0]
                if last == .confirmed { accepted += 1 }
            }
            try expectEqual(last, .refused, "the outcome after \(accepted) messages in a queue of 10")
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1_000)
            await subscription.acknowledge(try await take(accepted, from: subscription))
            // The broker hears of the acknowledgements a moment later.
            let deadline = ContinuousClock.now + patience
            while await queue.publish([message("again")]) != [.confirmed] {
                try expect(ContinuousClock.now < deadline, "the emptied queue still refuses")
                try await Task.sleep(for: .milliseconds(5))
            }
        },
        Case("many publishers at once are all answered") { queue in
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                for publisher in 0..<50 {
                    group.addTask {
                        let outcomes = await queue.publish((0..<20).map { message("\(publisher).\($0)") })
                        return outcomes.count { $0 == .confirmed }
                    }
                }
                return try await group.reduce(0, +)
            }
            try expectEqual(count, 1_000, "the number of confirmed publishes")
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1_000)
            let got = try await Set(texts(take(1_000, from: subscription)))
            try expectEqual(got.count, 1_000, "the number of messages that arrived")
        },
        Case("an open queue is connected") { queue in
            try await publish(["message"], to: queue)
            try expect(queue.isConnected, "it says that it is not connected")
        },
    ]
}
