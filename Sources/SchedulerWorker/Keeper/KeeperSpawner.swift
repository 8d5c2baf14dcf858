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

    /// What a sweep must leave alone, and what can still be called off.
    private struct Known {
        var queued: Set<UInt64> = []
        var starting: [Int: UInt64] = [:]
        var leaders: Set<pid_t> = []
        var threads = 0
    }

    /// One start that hangs must not hold up the next one; more than so many hang only where somebody wants them to.
    private static let usualThreads = 2
    private static let mostThreads = 16

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
        numbers = .allocate(capacity: KeeperSpawner.mostThreads)
        numbers.initialize(repeating: 0, count: KeeperSpawner.mostThreads)
        for _ in 0..<KeeperSpawner.usualThreads { try addThread() }
    }

    /// Adds a thread where starts hang; without effect where there are many.
    ///
    /// It lives as long as the process, since a task ends with the thread that started it.
    func addThread() throws(SchedulerError) {
        let thread: Int? = known.withLock { known in
            guard known.threads < KeeperSpawner.mostThreads else { return nil }
            known.threads += 1
            return known.threads - 1
        }
        guard let thread else { return }
        try BlockingThread.start(named: "keeper-spawn") {
            while let order = self.orders.takeOne() { self.start(order, on: thread) }
        }
    }

    func start(_ order: KeeperStart) {
        known.withLock { _ = $0.queued.insert(order.id) }
        orders.put(order)
    }

    /// Calls a start off that no thread has begun.
    ///
    /// - Returns: whether it was; there is no answer then.
    func callOff(_ id: UInt64) -> Bool { known.withLock { $0.queued.remove(id) != nil } }

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
        defer { order.closeDescriptors() }
        guard known.withLock({ $0.queued.remove(order.id) }) != nil else { return }
        var answer = Answer(id: order.id, group: nil, result: scheduler_spawn_result())
        defer { answers.put(answer) }
        var cgroup: CInt = -1
        defer { if cgroup >= 0 { close(cgroup) } }
        if let wanted = order.group {
            do throws(SystemFault) {
                cgroup = try wanted.make()
                answer.group = wanted
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
