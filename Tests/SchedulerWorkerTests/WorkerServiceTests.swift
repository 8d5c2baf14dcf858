import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization
import Testing

@testable import SchedulerWorker

@Suite("Worker")
struct WorkerServiceTests {
    @Test("offered runs are claimed, executed, and their outcomes published until they are settled")
    func completes() async throws {
        let bench = try WorkerBench()
        try await bench.withWorker {
            let attempts = try await bench.dispatched(5, of: try await bench.task())
            bench.queue.offer(attempts)
            try await bench.settling(until: "all runs are completed") {
                for attempt in attempts where try await bench.status(attempt) != .completed { return false }
                return true
            }
            #expect(bench.queue.read { $0.acknowledged } == 1)
            #expect(bench.queue.read { $0.statusMessages.allSatisfy { $0.route == .status(.success) } })
            #expect(try await bench.run(attempts[0].run).result == ["success": true, "result": nil])
        }
        #expect(try await bench.online().isEmpty)
    }

    @Test("what it has no slot for goes back to pending with the same attempt")
    func givesBack() async throws {
        let bench = try WorkerBench(slots: 2)
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            // A larger worker makes the picker hand out more than this one can take.
            try await bench.store.workers.register(
                WorkerInfoBuilder(at: VirtualClock.start).with { $0.maxConcurrentTasks = 10 }.build())
            let attempts = try await bench.dispatched(5, of: try await bench.task(.fixture(command: "gate")))
            bench.queue.offer(attempts)
            try await eventually("two have started") { gate.starts.count == 2 }
            for attempt in attempts.dropFirst(2) {
                let run = try await bench.run(attempt.run)
                #expect(run.status == .pending)
                #expect(run.attempt == 0)
            }
            gate.open()
        }
    }

    @Test("a worker that stays full leaves messages on the shared queue")
    func leavesMessages() async throws {
        let bench = try WorkerBench(slots: 1)
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            try await bench.store.workers.register(
                WorkerInfoBuilder(at: VirtualClock.start).with { $0.maxConcurrentTasks = 10 }.build())
            let attempts = try await bench.dispatched(2, of: try await bench.task(.fixture(command: "gate")))
            bench.queue.offer([attempts[0]])
            try await eventually("the first has started") { gate.starts.count == 1 }
            bench.queue.offer([attempts[1]])
            try await eventually("the message is back on the queue") {
                bench.queue.read {
                    $0.subscriptions[.tasks("function")] == nil && $0.waiting[.tasks("function")]?.count == 1
                }
            }
            #expect(try await bench.status(attempts[1]) == .dispatched)
            gate.open()
            try await bench.settling(until: "the second is completed, too") {
                try await bench.status(attempts[1]) == .completed
            }
        }
    }

    @Test("a message that arrives again starts nothing again")
    func duplicates() async throws {
        let bench = try WorkerBench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let attempts = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))
            for _ in 0..<5 { bench.queue.offer(attempts) }
            try await eventually("all messages are acknowledged") { bench.queue.read { $0.acknowledged == 5 } }
            gate.open()
            try await eventually("the outcome is published") { !bench.queue.outcomes.isEmpty }
            // Ended but not settled: still held.
            for _ in 0..<5 { bench.queue.offer(attempts) }
            try await eventually("these are acknowledged, too") { bench.queue.read { $0.acknowledged == 10 } }
            #expect(gate.starts == attempts)
            try await bench.settling(until: "it is completed") { try await bench.status(attempts[0]) == .completed }
        }
    }

    @Test("what is no message of ours is parked with its reason")
    func poison() async throws {
        let bench = try WorkerBench()
        try await bench.withWorker {
            bench.queue.send(Array("no message".utf8), to: .tasks("function"))
            try await eventually("it is parked") { bench.queue.read { $0.parked.count == 1 } }
            #expect(bench.queue.read { $0.parked[0].contains("malformed") })
        }
    }

    @Test("a run that exceeds its time limit ends as timeout, with what it said")
    func timesOut() async throws {
        let bench = try WorkerBench(types: ["shell"])
        try await bench.withWorker {
            let spec = TaskSpec.fixture(
                taskType: "shell", executor: "shell", command: "echo begun; sleep 60",
                retryPolicy: RetryPolicy(maxRetries: 0), timeoutSeconds: 1)
            let attempts = try await bench.dispatched(1, of: try await bench.task(spec))
            bench.queue.offer(attempts, to: "shell")
            try await bench.settling(until: "it has timed out") { try await bench.status(attempts[0]) == .timeout }
            let run = try await bench.run(attempts[0].run)
            #expect(run.errorType == .timeout)
            #expect(run.result?["stdout"] == "begun\n")
        }
    }

    @Test("a drain takes nothing new and lets runs finish")
    func drains() async throws {
        let bench = try WorkerBench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        let attempts = Latch<[RunAttempt]>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await bench.withWorker {
                    let dispatched = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))
                    bench.queue.offer(dispatched)
                    try await eventually("it has started") { gate.starts.count == 1 }
                    attempts.fire(dispatched)
                }
            }
            let attempt = try #require(await attempts.wait()?.first)
            try await eventually("dispatchers know") { try await bench.online().first?.status == .draining }
            #expect(bench.queue.read { $0.subscriptions.isEmpty })
            gate.open()
            try await bench.settling(until: "it is completed") { try await bench.status(attempt) == .completed }
            try await group.waitForAll()
        }
        #expect(try await bench.online().isEmpty)
    }

    @Test("a drain hands back what does not finish in time, without spending its retries")
    func handsBack() async throws {
        let bench = try WorkerBench { $0.shutdownGrace = .seconds(4) }
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        let attempts = Latch<[RunAttempt]>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await bench.withWorker {
                    let dispatched = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))
                    bench.queue.offer(dispatched)
                    try await eventually("it has started") { gate.starts.count == 1 }
                    attempts.fire(dispatched)
                }
            }
            let attempt = try #require(await attempts.wait()?.first)
            try await bench.settling(until: "it is pending again") { try await bench.status(attempt) == .pending }
            let run = try await bench.run(attempt.run)
            #expect(run.interruptions == 1)
            #expect(run.failures == 0)
            try await group.waitForAll()
        }
    }

    @Test("a drain from afar does the same: what runs ends, and then the service, while others go on")
    func drainsFromAfar() async throws {
        let bench = try WorkerBench {
            $0.heartbeat = .seconds(600)
            $0.lease = .seconds(3_600)
        }
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bench.service(queue: nil).run() }
            try await eventually("the worker is registered") { try await !bench.online().isEmpty }
            let worker = try #require(try await bench.online().first?.id)
            let attempt = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))[0]
            bench.queue.offer([attempt])
            try await eventually("it has started") { gate.starts.count == 1 }
            let drain = DrainWorker(workers: bench.store.workers, wakeUps: bench.store.wakeUps)
            try await drain(worker)
            try await eventually("dispatchers know") { try await bench.online().first?.status == .draining }
            try await drain(worker)
            #expect(bench.queue.read { $0.subscriptions.isEmpty })
            gate.open()
            try await bench.settling(until: "it is completed") { try await bench.status(attempt) == .completed }
            try await group.waitForAll()
            #expect(try await bench.store.workers.find(worker)?.status == .offline)
        }
    }

    @Test("a drain asked for of a worker that is taken offline before it hears of it ends the worker all the same")
    func drainsAlthoughLost() async throws {
        let bench = try WorkerBench {
            $0.heartbeat = .seconds(600)
            $0.lease = .seconds(3_600)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let ended = Latch<Void>()
            group.addTask {
                try await bench.service(queue: nil).run()
                ended.fire(())
            }
            try await eventually("the worker has beaten") {
                try await bench.store.recovery.heartbeats().values.contains(1)
            }
            let worker = try #require(try await bench.online().first?.id)
            _ = try await bench.store.workers.requestDrain(of: worker)
            try await bench.store.workers.leave(worker)
            await bench.store.wakeUps.send(.worker(worker))
            try await eventually("it has ended") { ended.value != nil }
            try await group.waitForAll()
        }
        #expect(try await bench.store.workers.list(includingOffline: true, limit: 10).count == 1)
    }

    @Test("a worker that was taken offline stops its tasks and registers under another identifier")
    func lostLock() async throws {
        let bench = try WorkerBench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let first = try #require(try await bench.online().first?.id)
            let attempts = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))
            bench.queue.offer(attempts)
            try await eventually("it has started") { gate.starts.count == 1 }
            try await bench.store.workers.leave(first)
            try await eventually("it is registered anew") {
                try await bench.online().contains { $0.id != first }
            }
            try await bench.settling(until: "the run was handed back") {
                try await bench.status(attempts[0]) == .pending
            }
            let again = try await bench.dispatchedAgain()
            bench.queue.offer(again)
            gate.open()
            try await bench.settling(until: "its second attempt completes") {
                try await bench.status(attempts[0]) == .completed
            }
            #expect(try await bench.run(attempts[0].run).attempt == 2)
        }
    }

    @Test("a cancel reaches a running run at once by a wake-up, long before the next heartbeat, and without a broker")
    func cancelsAtOnce() async throws {
        let bench = try WorkerBench {
            $0.heartbeat = .seconds(600)
            $0.lease = .seconds(3_600)
        }
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        bench.queue.change { $0.isConnected = false }
        try await bench.withWorker {
            let task = try await bench.task(.fixture(command: "gate"))
            let run = try await TaskService(store: bench.store).trigger(task.id, .empty)
            try await eventually("it has started") { gate.starts.count == 1 }
            let answer = try await CancelRun(runs: bench.store.runs, wakeUps: bench.store.wakeUps)(run.id)
            #expect(answer.run.status == .running)
            try await eventually("it was stopped") { try await bench.run(run.id).status == .cancelled }
        }
    }

    @Test("a cancel whose wake-up was lost is made up for by the next heartbeat")
    func lostWakeUp() async throws {
        let bench = try WorkerBench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let attempt = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))[0]
            bench.queue.offer([attempt])
            try await eventually("it has started") { gate.starts.count == 1 }
            _ = try await bench.store.runs.cancel(.runs([attempt.run]), tenant: .default, reason: "not needed")
            try await bench.settling(until: "it was stopped") { try await bench.status(attempt) == .cancelled }
        }
    }

    @Test("a cancel that comes as a command, as an earlier release may send it, stops the run")
    func cancels() async throws {
        let bench = try WorkerBench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let attempts = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))
            bench.queue.offer(attempts)
            try await eventually("it has started") { gate.starts.count == 1 }
            let worker = try #require(try await bench.online().first)
            bench.queue.send(
                SystemCommand.cancel(attempts.map(\.run)).encoded(at: VirtualClock.start), to: .worker(worker.id))
            try await eventually("it was stopped") { bench.queue.outcomes.first?.ending == .interruption }
            #expect(bench.queue.outcomes.first?.errorMessage == "cancelled on request")
            try await bench.settle()
        }
    }

    @Test("a dependent run is handed the results of its upstreams, also where the store was away for a moment")
    func upstreamResults() async throws {
        let bench = try WorkerBench()
        let seen = Mutex<[[UpstreamResult]]>([])
        bench.functions.register("first") { _ in ["rows": 3] }
        bench.functions.register("second") { call in
            seen.withLock { $0.append(call.run.upstreams) }
            return .null
        }
        bench.faulty.fail(.upstreams, with: [.before(SchedulerError(.storeUnavailable, "away"))])
        try await bench.withWorker {
            let first = try await bench.task(.fixture(name: "first", command: "first"))
            let second = try await bench.task(
                .fixture(name: "second", command: "second", dependencies: [TaskDependency(on: first.id)]))
            let root = try await bench.dispatched(1, of: first)[0]
            bench.queue.offer([root])
            try await bench.settling(until: "the first run has ended") { try await bench.status(root) == .completed }
            bench.queue.offer(try await bench.dispatchedAgain())
            try await eventually("the second run has seen its upstreams") { seen.withLock { !$0.isEmpty } }
            let result = UpstreamResult(
                task: first.id, taskName: "first", run: root.run, status: .completed,
                result: ["success": true, "result": ["rows": 3]])
            #expect(seen.withLock { $0 } == [[result]])
            #expect(try await bench.store.tasks.find([second.id], tenant: .default).first?.executionCount == 1)
        }
    }

    @Test("1,000 runs are each started once")
    func many() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("starts")
        let bench = try WorkerBench(slots: 1_000)
        try await bench.withWorker {
            let task = try await bench.task(
                .fixture(command: nil, config: ["name": "append", "parameters": ["path": .string(file)]]))
            let attempts = try await bench.dispatched(1_000, of: task)
            for start in stride(from: 0, to: attempts.count, by: 32) {
                let offered = Array(attempts[start..<min(start + 32, attempts.count)])
                for _ in 0..<2 { bench.queue.offer(offered) }
            }
            try await eventually("all outcomes are published") {
                Set(bench.queue.outcomes.map(\.attempt)).count == 1_000
            }
            try await bench.settle()
            let lines = TemporaryFolder.lines(of: file)
            #expect(lines.count == 1_000)
            #expect(Set(lines) == Set(attempts.map { "\($0.run) \($0.attempt)" }))
        }
    }
}

extension WorkerBench {
    /// Picks what has become pending again.
    func dispatchedAgain() async throws -> [RunAttempt] {
        try await store.runs.pick(limit: 10).runs.map(\.attempt)
    }
}
