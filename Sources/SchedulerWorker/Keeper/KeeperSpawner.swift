import CProcess
import Glibc
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// Starts tasks on threads that may block: a program on a hung mount holds up one start, and nothing else.
///
/// While a task is being started its number must not be taken for that of an orphan. So each thread notes the number
/// before the child can be seen as anything else (`CLONE_PARENT_SETTID`), and a sweep is made only where all numbers of
/// children are known, while no other start begins.
final class KeeperSpawner: Sendable {
    struct Answer: Sendable {
        var id: UInt64
        var group: ControlGroup?
        /// Or why there is no process; `error` is an errno.
        var result: scheduler_spawn_result
    }

    /// What a sweep must leave alone.
    private struct Known {
        var starting: [Int: UInt64] = [:]
        var leaders: Set<pid_t> = []
    }

    private static let threads = 2

    let answers: Inbox<Answer>
    private let orders: Inbox<KeeperStart>
    private let known = Mutex(Known())
    private let null: CInt
    /// One number per thread, written by the kernel.
    private nonisolated(unsafe) let numbers: UnsafeMutablePointer<pid_t>

    init() throws {
        answers = try Inbox(wakesEach: false)
        orders = try Inbox(wakesEach: true)
        null = scheduler_open_null()
        guard null >= 0 else {
            throw SchedulerError(.unavailable, "/dev/null cannot be opened: \(systemMessage(errno))")
        }
        numbers = .allocate(capacity: KeeperSpawner.threads)
        numbers.initialize(repeating: 0, count: KeeperSpawner.threads)
        for thread in 0..<KeeperSpawner.threads {
            // They live as long as the process, since a task ends with the thread that started it.
            try BlockingThread.start(named: "keeper-spawn") {
                while let order = self.orders.takeOne() { self.start(order, on: thread) }
            }
        }
    }

    func start(_ order: KeeperStart) { orders.put(order) }

    /// Forgets a leader that was reaped: its number may be anyone's now.
    func forget(_ pid: pid_t) { known.withLock { _ = $0.leaders.remove(pid) } }

    /// Ends a start that hangs.
    func kill(_ id: UInt64) {
        known.withLock { known in
            guard let thread = known.starting.first(where: { $0.value == id })?.key else { return }
            let pid = scheduler_load_number(numbers + thread)
            if pid > 0 { _ = Glibc.kill(pid, SIGKILL) }
        }
    }

    /// Calls the body with the numbers of all children that are to live; no start begins or ends meanwhile.
    func withLeaders<Result>(_ body: (Set<pid_t>) -> Result) -> Result {
        while true {
            let result: Result? = known.withLock { known in
                var leaders = known.leaders
                for thread in known.starting.keys {
                    let pid = scheduler_load_number(numbers + thread)
                    if pid == 0 { return nil }
                    leaders.insert(pid)
                }
                return body(leaders)
            }
            if let result { return result }
            // Between the entry in the table and the note of the kernel lies one system call.
            sched_yield()
        }
    }

    private func start(_ order: KeeperStart, on thread: Int) {
        var answer = Answer(id: order.id, group: nil, result: scheduler_spawn_result())
        defer {
            order.closeDescriptors()
            answers.put(answer)
        }
        var cgroup: CInt = -1
        defer { if cgroup >= 0 { close(cgroup) } }
        if let wanted = order.group {
            do throws(SystemFault) {
                answer.group = wanted
                cgroup = try wanted.make()
            } catch {
                answer.result = scheduler_spawn_result(
                    pid: -1, pidfd: -1, error: error.number, step: SCHEDULER_SPAWN_LIMITS)
                return
            }
        }
        known.withLock { known in
            scheduler_store_number(numbers + thread, 0)
            known.starting[thread] = order.id
        }
        let result = order.withRequest(null: null, cgroup: cgroup, number: numbers + thread) { scheduler_spawn($0) }
        known.withLock { known in
            known.starting[thread] = nil
            if result.error == 0 { known.leaders.insert(result.pid) }
        }
        answer.result = result
    }
}
