import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Synchronization
import Testing

/// Single faults in virtual time, each with what must follow.
@Suite("A worker that is cut off")
struct IsolationTests {
    private enum Loss: CaseIterable { case kill, pause, cutOff }

    /// Starts one long run on one of two workers, with at least eight seconds to go.
    ///
    /// - Returns: the system, and the worker that executes.
    private func systemWithRun(
        seed: UInt64, times: SimulatedTimes = .short
    ) throws -> (SimulatedSystem, SimulatedSystem.Role) {
        let system = SimulatedSystem(seed: seed, times: times, prints: false)
        for role in [SimulatedSystem.Role.dispatcher(1), .worker(1), .worker(2)] { system.start(role) }
        let store = system.store
        let length = times.lease.milliseconds * 3
        SimulatedProcess("client", in: system.simulator).start {
            do {
                let spec = TaskSpec.fixture(
                    command: "work", config: ["parameters": ["ms": .integer(length)]], timeoutSeconds: 600)
                let task = try await store.tasks.create([TaskDraft(spec: spec)])[0]
                let run = NewRun(id: RunID(at: VirtualClock.start), task: task.id)
                _ = try await store.runs.enqueue([[run]])
            } catch {
                system.history.violation("no run: \(error)")
            }
        }
        system.simulator.run(until: .seconds(4)) { !system.effects.executingProcesses.isEmpty }
        let name = try #require(system.effects.executingProcesses.first)
        return (system, name == "worker(1)" ? .worker(1) : .worker(2))
    }

    private func attempts(_ system: SimulatedSystem) -> [Int] {
        system.effects.startedAttempts.map(\.attempt).sorted()
    }

    @Test("it stops what it runs before its lease ends, and the run goes on elsewhere", arguments: [UInt64(1), 2, 3])
    func fencesItself(seed: UInt64) throws {
        let (system, worker) = try systemWithRun(seed: seed)
        system.setCutOff(worker, true)
        let begin = system.simulator.elapsed
        system.simulator.run(until: begin + system.times.lease) { system.effects.executingProcesses.isEmpty }
        #expect(system.effects.executingProcesses.isEmpty)
        system.simulator.run(until: begin + .seconds(10)) { attempts(system).count == 2 }
        #expect(attempts(system) == [1, 2])
        #expect(system.effects.executingProcesses != ["\(worker)"])
        #expect(system.history.violations == [])
    }

    @Test("a short absence of the store stops nothing", arguments: [UInt64(1), 2, 3])
    func shortAbsence(seed: UInt64) throws {
        let (system, worker) = try systemWithRun(seed: seed)
        let begin = system.simulator.elapsed
        system.setCutOff(worker, true)
        system.simulator.run(until: begin + .milliseconds(1_500))
        system.setCutOff(worker, false)
        system.simulator.run(until: begin + .seconds(20)) { system.store.snapshot.live.isEmpty }
        #expect(attempts(system) == [1])
        #expect(system.store.snapshot.history.values.map(\.status) == [.completed])
        #expect(system.history.violations == [])
    }

    @Test("a store that was away for long robs no worker when it comes back, also where its clock has jumped by 40 s")
    func storeComesBack() throws {
        let (system, _) = try systemWithRun(seed: 1)
        let begin = system.simulator.elapsed
        system.setStoreAway(true)
        system.simulator.run(until: begin + .milliseconds(1_500))
        system.storeClock.jump(by: .seconds(40))
        system.setStoreAway(false)
        system.simulator.run(until: begin + .seconds(20)) { system.store.snapshot.live.isEmpty }
        #expect(attempts(system) == [1])
        #expect(system.store.snapshot.workers.values.allSatisfy { $0.status != .offline })
        #expect(system.history.violations == [])
    }

    @Test(
        "at the default settings the run of a lost worker executes elsewhere within 45 s",
        arguments: Loss.allCases, [UInt64(1), 2, 3])
    private func recoveryTime(loss: Loss, seed: UInt64) throws {
        let (system, worker) = try systemWithRun(seed: seed, times: .standard)
        let begin = system.simulator.elapsed
        switch loss {
        case .kill: system.process(of: worker)?.kill()
        case .pause: _ = system.pause(worker)
        case .cutOff: system.setCutOff(worker, true)
        }
        #expect(system.simulator.run(until: begin + .seconds(45)) { attempts(system) == [1, 2] })
        #expect(system.history.violations == [])
    }

    @Test("one that was stopped for a minute and woken neither claims nor beats under its old id")
    func wokenAfterAMinute() throws {
        let (system, worker) = try systemWithRun(seed: 2)
        let old = Set(system.store.snapshot.workers.keys)
        let begin = system.simulator.elapsed
        let process = try #require(system.pause(worker))
        system.simulator.run(until: begin + .seconds(60))
        #expect(attempts(system) == [1, 2])
        let sequences = system.store.snapshot.workers.mapValues(\.heartbeatSequence)
        process.resume()
        system.simulator.run(until: begin + .seconds(65))
        let now = system.store.snapshot
        for id in old where now.workers[id]?.status == .offline {
            #expect(now.workers[id]?.heartbeatSequence == sequences[id])
        }
        #expect(now.workers.values.filter { $0.status != .offline }.count == 2)
        #expect(now.history.values.map(\.status) == [.completed])
        #expect(attempts(system) == [1, 2])
        #expect(system.history.violations == [])
    }
}
