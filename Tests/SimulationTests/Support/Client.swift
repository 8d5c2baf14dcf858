import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization

/// A user of the system: triggers, cancels, pauses and resumes, and remembers what was accepted.
final class Client: Sendable {
    private struct State {
        var accepted: Set<RunID> = []
        var isStopping = false
        var hasStopped = false
    }

    private let service: TaskService
    private let tasks: [TaskDefinition]
    private let history: History
    private let state = Mutex(State())

    init(_ store: any SchedulerStore, _ tasks: [TaskDefinition], clock: any SchedulerClock, _ history: History) {
        service = TaskService(store: store, clock: clock)
        self.tasks = tasks
        self.history = history
    }

    var accepted: Set<RunID> { state.withLock { $0.accepted } }
    var hasStopped: Bool { state.withLock { $0.hasStopped } }
    func stop() { state.withLock { $0.isStopping = true } }

    /// Uses the system until it is told to stop; then takes the schedules away, and lets run what waits.
    func run() async {
        var chance = Chance()
        while !state.withLock({ $0.isStopping }) {
            do {
                try await MonotonicClock.sleep(for: .milliseconds(Int64.random(in: 10...500, using: &chance)))
                try await act(Int.random(in: 0..<100, using: &chance))
            } catch let error as SchedulerError {
                history.note("client", "is answered: \(error.code)")
            } catch {
                history.note("client", "is answered: \(error)")
            }
        }
        await endSchedules()
        state.withLock { $0.hasStopped = true }
    }

    private func act(_ roll: Int) async throws {
        var chance = Chance()
        guard let task = tasks.randomElement(using: &chance) else { return }
        switch roll {
        case 0..<75:
            let run = try await service.trigger(task.id)
            state.withLock { _ = $0.accepted.insert(run.id) }
        case 75..<85:
            guard let run = accepted.sorted().randomElement(using: &chance) else { return }
            _ = try await service.cancelRun(run)
        case 85..<92: _ = try await service.pause(task.id)
        default: _ = try await service.resume(task.id)
        }
    }

    private func endSchedules() async {
        for task in tasks {
            await untilDone { _ = try await self.service.resume(task.id) }
            if task.spec.schedule != nil {
                await untilDone { _ = try await self.service.update(task.id, TaskBody(["schedule": nil])) }
            }
        }
    }

    private func untilDone(_ act: @Sendable () async throws -> Void) async {
        while true {
            do {
                return try await act()
            } catch {
                history.note("client", "is answered: \((error as? SchedulerError).map { "\($0.code)" } ?? "\(error)")")
                try? await MonotonicClock.sleep(for: .milliseconds(100))
            }
        }
    }
}
