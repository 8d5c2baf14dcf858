import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

extension StoreContract {
    static let workerCases: [ContractCase] = [
        ContractCase("a registered worker is listed as it registered, latest first; the store stamps the times") {
            data in
            let info = WorkerInfoBuilder(name: "first")
                .with {
                    $0.hostname = "höst"
                    $0.ipAddress = "10.0.0.1"
                    $0.port = 9_000
                    $0.taskTypes = ["shell", "http"]
                    $0.labels = ["zone": "a"]
                    $0.executors = ["command", "shell"]
                    $0.lastHeartbeat = .epoch
                    $0.registeredAt = .epoch
                }
                .build()
            try await data.store.workers.register(info)
            data.clock.advance(by: .seconds(1))
            let second = try await data.worker()
            let listed = try await data.store.workers.list(includingOffline: false, limit: 10)
            try expectEqual(listed.map(\.id), [second.id, info.id], "the order")
            var expected = info
            expected.registeredAt = data.clock.now.advanced(by: .seconds(-1))
            expected.lastHeartbeat = expected.registeredAt
            expected.heartbeatSequence = listed[1].heartbeatSequence
            try expectEqual(listed[1], expected, "the first worker")
            let one = try await data.store.workers.list(includingOffline: false, limit: 1)
            try expectEqual(one.map(\.id), [second.id], "the latest worker")
        },
        ContractCase("a heartbeat renews the lease and grows the sequence by one") { data in
            let worker = try await data.worker()
            let before = try await data.store.recovery.heartbeats()[worker.id]
            data.clock.advance(by: .seconds(5))
            let beat = Heartbeat(worker: worker.id, status: .busy, currentTaskCount: 3, held: [])
            try expectEqual(try await data.store.workers.beat(beat), HeartbeatAnswer(), "the answer")
            let after = try await data.store.workers.list(includingOffline: false, limit: 1)
            try expectEqual(after.map(\.status), [.busy], "the status")
            try expectEqual(after.map(\.currentTaskCount), [3], "the count")
            try expectEqual(after.map(\.lastHeartbeat), [data.clock.now], "the time")
            try expectEqual(after.map(\.heartbeatSequence), [try require(before, "the sequence") + 1], "the sequence")
            try expectEqual(
                try await data.store.recovery.heartbeats(), [worker.id: after[0].heartbeatSequence], "the heartbeats")
        },
        ContractCase("a worker may register again while it is not offline") { data in
            let worker = try await data.worker()
            data.clock.advance(by: .seconds(5))
            var renewed = worker
            renewed.maxConcurrentTasks = 77
            try await data.store.workers.register(renewed)
            let listed = try await data.store.workers.list(includingOffline: true, limit: 10)
            try expectEqual(listed.map(\.maxConcurrentTasks), [77], "the slots")
            try expectEqual(listed.map(\.lastHeartbeat), [data.clock.now], "the time of the heartbeat")
            try expectEqual(listed.map(\.registeredAt), [worker.registeredAt], "the time of the registration")
        },
        ContractCase("a worker that is asked to drain is told with each heartbeat, until it is offline") { data in
            let (worker, other) = (try await data.worker(), try await data.worker())
            try expectEqual(try await data.store.workers.find(worker.id)?.drainRequestedAt, nil, "the time before")
            data.clock.advance(by: .seconds(1))
            let asked = try await data.store.workers.requestDrain(of: worker.id)
            try expectEqual(asked?.drainRequestedAt, data.clock.now, "when it was asked")
            data.clock.advance(by: .seconds(1))
            try expectEqual(
                try await data.store.workers.requestDrain(of: worker.id), asked, "what asking again changes")
            try expectEqual(try await data.store.workers.find(worker.id), asked, "the worker")
            try await data.store.workers.register(worker)
            for _ in 0..<2 {
                let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 0, held: [])
                try expectEqual(
                    try await data.store.workers.beat(beat), HeartbeatAnswer(drainRequested: true), "the answer")
            }
            let bystander = Heartbeat(worker: other.id, status: .online, currentTaskCount: 0, held: [])
            try expectEqual(try await data.store.workers.beat(bystander), HeartbeatAnswer(), "another's answer")
            try await data.store.workers.leave(other.id)
            let gone = try await data.store.workers.requestDrain(of: other.id)
            try expectEqual(gone?.status, .offline, "the status of one that left")
            try expectEqual(gone?.drainRequestedAt, nil, "when one that left was asked")
            let unknown = WorkerID.fresh(at: data.clock.now)
            try expectEqual(try await data.store.workers.requestDrain(of: unknown), nil, "an unknown worker, asked")
            try expectEqual(try await data.store.workers.find(unknown), nil, "an unknown worker")
        },
        ContractCase("a heartbeat may say that a worker can execute other things now, or leave it as it was") { data in
            let worker = try await data.worker()
            try expectEqual(try await data.store.workers.find(worker.id)?.executors, nil, "what it did not say")
            for said in [nil, ["a", "b"], nil, []] {
                let before = try await data.store.workers.find(worker.id)?.executors
                _ = try await data.store.workers.beat(
                    Heartbeat(worker: worker.id, status: .online, currentTaskCount: 0, held: [], executors: said))
                try expectEqual(
                    try await data.store.workers.find(worker.id)?.executors, said ?? before, "what it can do")
            }
        },
        ContractCase("a heartbeat tells of a drain and of every cancel at once") { data in
            let (_, worker, attempt) = try await data.started()
            _ = try await data.store.workers.requestDrain(of: worker.id)
            _ = try await data.store.runs.cancel(.runs([attempt.run]), tenant: .default, reason: "stop")
            let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 1, held: [attempt])
            let told = HeartbeatAnswer(cancelRequested: [attempt], drainRequested: true)
            try expectEqual(try await data.store.workers.beat(beat), told, "the answer")
        },
        ContractCase("offline is final: the id neither registers nor beats again") { data in
            let worker = try await data.worker()
            try await data.store.workers.leave(worker.id)
            try await data.store.workers.leave(worker.id)
            try await data.store.workers.leave(.fresh(at: data.clock.now))
            let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 0, held: [])
            try await expectError(.lockLost, "the heartbeat of an offline worker") {
                _ = try await data.store.workers.beat(beat)
            }
            try await expectError(.lockLost, "the registration of an offline worker") {
                try await data.store.workers.register(worker)
            }
            let stranger = Heartbeat(worker: .fresh(at: data.clock.now), status: .online, currentTaskCount: 0, held: [])
            try await expectError(.lockLost, "the heartbeat of an unknown worker") {
                _ = try await data.store.workers.beat(stranger)
            }
            let live = try await data.store.workers.list(includingOffline: false, limit: 10)
            try expect(live.isEmpty, "an offline worker is among the live ones")
            let all = try await data.store.workers.list(includingOffline: true, limit: 10)
            try expectEqual(all.map(\.status), [.offline], "the status")
            try expect(try await data.store.recovery.heartbeats().isEmpty, "an offline worker has a heartbeat")
        },
    ]

    static let lockCases: [ContractCase] = [
        ContractCase("a lock has one owner at a time, also when many try at once") { data in
            let leases = try await withThrowingTaskGroup(of: LockLease?.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        try await data.store.locks.acquire("leader", owner: "owner \(number)", timeToLive: .seconds(10))
                    }
                }
                return try await group.reduce(into: [LockLease]()) { if let lease = $1 { $0.append(lease) } }
            }
            try expectEqual(leases.count, 1, "the number of owners")
            let other = try await data.store.locks.acquire("other", owner: "owner 7", timeToLive: .seconds(10))
            try expectEqual(other?.key, "other", "another key's lock")
        },
        ContractCase("an expired or released lock is taken over with a higher token") { data in
            let locks = data.store.locks
            let first = try require(try await locks.acquire("leader", owner: "a", timeToLive: .seconds(10)), "the lock")
            data.clock.advance(by: .seconds(9))
            let early = try await locks.acquire("leader", owner: "b", timeToLive: .seconds(10))
            try expectEqual(early, nil, "the lock before its time is over")
            data.clock.advance(by: .seconds(1))
            let second = try require(
                try await locks.acquire("leader", owner: "b", timeToLive: .seconds(10)), "the expired lock")
            try expect(second.token > first.token, "the token does not rise")
            try await locks.release(second)
            let third = try require(
                try await locks.acquire("leader", owner: "a", timeToLive: .seconds(10)), "the released lock")
            try expect(third.token > second.token, "the token does not rise after a release")
        },
        ContractCase("only the owner extends and releases a lock") { data in
            let locks = data.store.locks
            let old = try require(try await locks.acquire("leader", owner: "a", timeToLive: .seconds(10)), "the lock")
            data.clock.advance(by: .seconds(5))
            try expect(try await locks.extend(old, timeToLive: .seconds(10)), "the owner cannot extend")
            data.clock.advance(by: .seconds(9))
            let early = try await locks.acquire("leader", owner: "b", timeToLive: .seconds(10))
            try expectEqual(early, nil, "an extended lock")
            data.clock.advance(by: .seconds(1))
            let new = try require(try await locks.acquire("leader", owner: "b", timeToLive: .seconds(10)), "the lock")
            try expect(try await !locks.extend(old, timeToLive: .seconds(10)), "a former owner extends")
            try await locks.release(old)
            let stolen = try await locks.acquire("leader", owner: "c", timeToLive: .seconds(10))
            try expectEqual(stolen, nil, "a lock that a former owner released")
            let forged = LockLease(key: "leader", owner: "c", token: new.token)
            try expect(try await !locks.extend(forged, timeToLive: .seconds(10)), "another owner extends")
            let missing = LockLease(key: "missing", owner: "c", token: 1)
            try expect(try await !locks.extend(missing, timeToLive: .seconds(10)), "a missing lock is extended")
        },
        ContractCase("a lost lease stays lost: released or extended late it changes nothing, and tokens only rise") {
            data in
            let locks = data.store.locks
            var tokens: [Int64] = []
            var old: LockLease?
            for number in 0..<4 {
                let lease = try require(
                    try await locks.acquire("key", owner: "owner \(number)", timeToLive: .seconds(10)), "the lock")
                tokens.append(lease.token)
                if let old {
                    try expect(try await !locks.extend(old, timeToLive: .seconds(99)), "a lost lease is extended")
                    try await locks.release(old)
                }
                data.clock.advance(by: .seconds(9))
                let early = try await locks.acquire("key", owner: "early", timeToLive: .seconds(10))
                try expectEqual(early, nil, "the lock while it is held")
                old = lease
                data.clock.advance(by: .seconds(1))
            }
            try expectEqual(tokens, tokens.sorted(), "the tokens")
            try expectEqual(Set(tokens).count, 4, "the number of tokens")
        },
        ContractCase("of bodies under one lock one runs at a time, of two processes and of the same") { data in
            let keepers = ["a", "b"].map { LockKeeper(locks: data.store.locks, owner: $0) }
            let seen = LockedBodies()
            try await withThrowingTaskGroup { group in
                for number in 0..<6 {
                    group.addTask {
                        try await keepers[number % 2].withLock("key", wait: .seconds(60)) { lease in
                            seen.enter(lease)
                            try await Task.sleep(for: .milliseconds(5))
                            seen.leave()
                        }
                    }
                }
                try await group.waitForAll()
            }
            try expectEqual(seen.most, 1, "the most bodies at once")
            try expectEqual(seen.tokens, seen.tokens.sorted(), "the tokens in the order of the bodies")
            try expectEqual(keepers.reduce(0) { $0 + $1.counts.acquisitions }, 6, "the acquisitions")
        },
    ]
}

/// What bodies under one lock have seen.
private final class LockedBodies: Sendable {
    private let state = Mutex((inside: 0, most: 0, tokens: [Int64]()))

    var most: Int { state.withLock { $0.most } }
    var tokens: [Int64] { state.withLock { $0.tokens } }

    func enter(_ lease: LockLease) {
        state.withLock { state in
            state.inside += 1
            state.most = max(state.most, state.inside)
            state.tokens.append(lease.token)
        }
    }

    func leave() { state.withLock { $0.inside -= 1 } }
}
