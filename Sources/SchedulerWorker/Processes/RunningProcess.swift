import CProcess
import Glibc

/// One process as the loop's thread sees it; never leaves that thread.
final class RunningProcess {
    /// What announces itself; the two low bits of a token.
    enum Source: UInt64 {
        case output = 1
        case error = 2
        case end = 3
    }

    enum ReadResult { case more, ended }

    /// How much is read of one stream before others get their turn.
    private static let readsPerTurn = 4

    let start: ProcessStart
    let token: UInt64
    /// The leader is gone; its remains may still wait to be reaped.
    var leaderIsGone = false
    var wasStopped = false
    var killSent = false
    var killAt: ContinuousClock.Instant?
    var drainUntil: ContinuousClock.Instant?
    private(set) var exit: scheduler_exit?
    private let pid: pid_t
    private var descriptors: [Source: CInt]
    private var output = CapturedOutput()
    private var error = CapturedOutput()

    init(_ spawned: SpawnedProcess, _ start: ProcessStart, token: UInt64) {
        self.start = start
        self.token = token
        pid = spawned.pid
        descriptors = [.output: spawned.output, .error: spawned.error, .end: spawned.pidDescriptor]
    }

    var id: ObjectIdentifier { ObjectIdentifier(start.handle) }
    /// Nobody holds its pipes any more.
    var isSilent: Bool { descriptors[.output] == nil && descriptors[.error] == nil }

    /// When the loop has to look at it next without an event.
    var deadline: ContinuousClock.Instant? {
        if let drainUntil { return drainUntil }
        return killSent ? nil : killAt
    }

    func descriptor(of source: Source) -> CInt { descriptors[source] ?? -1 }

    func close(_ source: Source, in epoll: CInt) {
        guard let descriptor = descriptors.removeValue(forKey: source) else { return }
        scheduler_epoll_remove(epoll, descriptor)
        Glibc.close(descriptor)
    }

    func read(_ source: Source, into buffer: UnsafeMutableRawBufferPointer) -> ReadResult {
        guard let descriptor = descriptors[source] else { return .more }
        for _ in 0..<RunningProcess.readsPerTurn {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 { return errno == EAGAIN || errno == EINTR ? .more : .ended }
            if count == 0 { return .ended }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if source == .output { output.append(bytes) } else { error.append(bytes) }
            if count < buffer.count { return .more }
        }
        return .more
    }

    /// Only called before the leader is reaped: until then no other group can have its number.
    func signalGroup(_ signal: CInt) {
        precondition(exit == nil, "a reaped process has no group")
        _ = kill(-pid, signal)
    }

    /// - Returns: false where the end cannot be read.
    func reap() -> Bool {
        var result = scheduler_exit()
        guard scheduler_reap(pid, &result) == 1 else { return false }
        exit = result
        return true
    }

    /// Waits for a process that was just killed; on the loop's thread, for the rare case that it cannot be watched.
    func reapBlocking() {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    func finish() {
        guard let exit else { preconditionFailure("finished before it was reaped") }
        start.continuation.resume(
            returning: ProcessOutcome(
                ending: exit.signal == 0 ? .exited(Int(exit.status)) : .killed(signal: exit.signal),
                standardOutput: output,
                standardError: error,
                wasStopped: wasStopped,
                cpuTime: .microseconds(exit.cpu_microseconds),
                peakMemoryBytes: exit.peak_memory_bytes))
    }
}
