import SchedulerErrors
import Synchronization

/// Runs processes, each in a session and group of its own, without ever blocking one of Swift's threads.
///
/// Two threads start processes (a program on a hung mount blocks one start, and no output), one thread reads all
/// output, waits for all ends and enforces grace periods. The threads start with the first process and end with the
/// runner.
///
/// **Nothing is left behind.** A process that is told to stop gets SIGTERM with its whole group; its group gets
/// SIGKILL when the grace period is over. Whenever a leader is gone its group gets SIGKILL, while its remains still
/// hold the group's number; only then are they reaped. What left the group by `setsid` is not reached from here.
public final class ProcessRunner: Sendable {
    private let killGrace: Duration
    private let machine = Mutex<ProcessMachine?>(nil)

    /// - Parameter killGrace: how long a process that was told to stop may take.
    public init(killGrace: Duration = .seconds(5)) { self.killGrace = killGrace }

    deinit { machine.withLock { $0?.shutDown() } }

    /// Runs a process to its end. Cancelling the task stops the process and still returns its outcome.
    ///
    /// - Throws: `validation` where the request cannot be executed as it is, `execution` where the system has no
    ///   room for a process, `CancellationError` where it was cancelled before it started.
    func run(_ request: ProcessRequest) async throws -> ProcessOutcome {
        let machine = try startedMachine()
        let handle = ProcessHandle()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                machine.start(ProcessStart(request: request, handle: handle, continuation: continuation))
            }
        } onCancel: {
            machine.stop(handle)
        }
    }

    private func startedMachine() throws -> ProcessMachine {
        try machine.withLock { machine in
            if let machine { return machine }
            let started = try ProcessMachine(killGrace: killGrace)
            machine = started
            return started
        }
    }
}

/// Names one process of the runner from before its start to after its end.
final class ProcessHandle: Sendable {
    private let stopRequested = Atomic(false)

    var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }
    func requestStop() { stopRequested.store(true, ordering: .releasing) }
}

struct ProcessStart: Sendable {
    var request: ProcessRequest
    var handle: ProcessHandle
    var continuation: CheckedContinuation<ProcessOutcome, any Error>
}
