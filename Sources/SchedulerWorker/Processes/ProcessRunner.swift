import SchedulerErrors
import Synchronization

/// Runs processes, each in a session and group of its own, without ever blocking one of Swift's threads.
///
/// A keeper process, started with the first one, is their parent (`Keeper`). One thread speaks to it, another reads all
/// output and hears of all ends. The threads end with the runner, and the keeper with them.
///
/// **Nothing is left behind.** A process that is told to stop gets SIGTERM with its whole group; what is left of it gets
/// SIGKILL when the grace period is over. An outcome is returned when the process, its group, and all descendants that
/// left the group are gone. Where the keeper dies, its processes die with it, and their outcome is an error.
///
/// **No longer than the lease.** Once it was given a deadline, the keeper stops all processes when that passes without a
/// later one, whatever the state of this process, and starts none until there is one.
public final class ProcessRunner: Sendable, LeaseEnforcer {
    let settings: ProcessSettings
    private let lease = CurrentLease()
    private let machine = Mutex<ProcessMachine?>(nil)

    public init(_ settings: ProcessSettings) { self.settings = settings }

    deinit { machine.withLock { $0?.shutDown() } }

    /// Runs a process to its end.
    ///
    /// Cancelling the task stops the process and still returns its outcome.
    ///
    /// - Throws: `validation` where the request cannot be executed as it is, `execution` where the system has no
    ///   room for a process or the keeper died, `configuration` where there is no keeper, `CancellationError` where it
    ///   was cancelled before it started.
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

    public func enforce(_ deadline: LeaseDeadline) {
        lease.replace(deadline)
        machine.withLock { $0?.renewLease() }
    }

    private func startedMachine() throws -> ProcessMachine {
        try machine.withLock { machine in
            if let machine { return machine }
            let started = try ProcessMachine(settings, lease: lease)
            machine = started
            return started
        }
    }
}

/// Names one process of the runner from before its start to after its end.
final class ProcessHandle: Sendable {
    private static let next = Atomic<UInt64>(1)

    let id = ProcessHandle.next.wrappingAdd(1, ordering: .relaxed).oldValue
    private let stopRequested = Atomic(false)

    var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }
    func requestStop() { stopRequested.store(true, ordering: .releasing) }
}

struct ProcessStart: Sendable {
    var request: ProcessRequest
    var handle: ProcessHandle
    var continuation: CheckedContinuation<ProcessOutcome, any Error>
}
