import CProcess
import Glibc
import SchedulerDomain
import SchedulerErrors

/// The one thread that reads all output and sees all ends. Its state belongs to that thread alone.
struct ProcessLoop {
    enum Command: Sendable {
        case add(SpawnedProcess, ProcessStart)
        case stop(ObjectIdentifier)
    }

    /// How long output is still read after a process and its group are gone, for a descendant that left the group
    /// and holds the pipe open must not hold the run.
    private static let drainTime = Duration.milliseconds(500)
    private static let commandToken: UInt64 = 0
    /// How many processes may announce themselves per wait.
    private static let eventsPerTurn = 128

    private let killGrace: Duration
    private let epoll: CInt
    private var processes: [ObjectIdentifier: RunningProcess] = [:]
    private var watched: [UInt64: RunningProcess] = [:]
    /// Those that are stopping or draining; few, so they are simply gone through.
    private var timed: [ObjectIdentifier: RunningProcess] = [:]
    private var nextToken: UInt64 = 4
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1_024, alignment: 16)

    /// - Parameter epoll: watches the commands already; the loop closes it at its end.
    init(killGrace: Duration, epoll: CInt) {
        self.killGrace = killGrace
        self.epoll = epoll
    }

    /// Opens a watch of the commands.
    ///
    /// - Throws: `unavailable` where the system has no more descriptors.
    static func watch(_ commands: Inbox<Command>) throws -> CInt {
        let epoll = scheduler_epoll_create()
        guard epoll >= 0, scheduler_epoll_add(epoll, commands.descriptor, commandToken) == 0 else {
            let reason = systemMessage(errno)
            if epoll >= 0 { close(epoll) }
            throw SchedulerError(.unavailable, "processes cannot be watched: \(reason)")
        }
        return epoll
    }

    mutating func run(commands: Inbox<Command>) {
        defer {
            buffer.deallocate()
            close(epoll)
        }
        var tokens = [UInt64](repeating: 0, count: ProcessLoop.eventsPerTurn)
        var isOpen = true
        while isOpen {
            let count = scheduler_epoll_wait(epoll, &tokens, CInt(tokens.count), waitTime())
            for token in tokens.prefix(Int(count)) {
                if token == ProcessLoop.commandToken {
                    let (taken, isClosed) = commands.takeAll()
                    for command in taken { handle(command) }
                    isOpen = !isClosed
                } else if let process = watched[token & ~3] {
                    handle(process, RunningProcess.Source(rawValue: token & 3))
                }
            }
            handleTimers()
        }
    }

    private mutating func handle(_ command: Command) {
        switch command {
        case .add(let spawned, let start): add(spawned, start)
        case .stop(let id): if let process = processes[id] { stop(process) }
        }
    }

    private mutating func add(_ spawned: SpawnedProcess, _ start: ProcessStart) {
        let process = RunningProcess(spawned, start, token: nextToken)
        nextToken += 4
        processes[process.id] = process
        watched[process.token] = process
        for source in [RunningProcess.Source.output, .error, .end] {
            let status = scheduler_epoll_add(epoll, process.descriptor(of: source), process.token | source.rawValue)
            guard status == 0 else { return abandon(process, "it cannot be watched: \(systemMessage(errno))") }
        }
        // A stop that came while it was being started found nobody here.
        if start.handle.isStopRequested { stop(process) }
    }

    /// Ends a process that the loop cannot follow.
    private mutating func abandon(_ process: RunningProcess, _ reason: String) {
        process.signalGroup(SIGKILL)
        process.reapBlocking()
        forget(process)
        process.start.continuation.resume(
            throwing: SchedulerError(.execution, "the process could not be started: \(reason)"))
    }

    private mutating func handle(_ process: RunningProcess, _ source: RunningProcess.Source?) {
        switch source {
        case .output, .error:
            guard let source else { return }
            if process.read(source, into: buffer) == .ended { process.close(source, in: epoll) }
        case .end:
            process.close(.end, in: epoll)
            process.leaderIsGone = true
        case nil: return
        }
        advance(process)
    }

    private mutating func stop(_ process: RunningProcess) {
        guard process.killAt == nil, !process.leaderIsGone else { return }
        process.wasStopped = true
        process.signalGroup(SIGTERM)
        process.killAt = .now + killGrace
        timed[process.id] = process
    }

    /// Takes a process as far towards its end as it can go now.
    private mutating func advance(_ process: RunningProcess) {
        guard process.leaderIsGone else { return }
        if process.exit == nil {
            // A leader that was told to stop and obeyed must not cost the rest of its group the grace period: while
            // somebody holds the pipes, the remains of the leader keep the group's number ours.
            if process.wasStopped, !process.isSilent, let killAt = process.killAt, killAt > .now { return }
            process.signalGroup(SIGKILL)
            guard process.reap() else { return abandon(process, "its end cannot be read: \(systemMessage(errno))") }
            process.drainUntil = .now + ProcessLoop.drainTime
            timed[process.id] = process
        }
        guard process.isSilent || process.drainUntil.map({ $0 <= .now }) == true else { return }
        forget(process)
        process.finish()
    }

    private mutating func forget(_ process: RunningProcess) {
        for source in [RunningProcess.Source.output, .error, .end] { process.close(source, in: epoll) }
        processes[process.id] = nil
        watched[process.token] = nil
        timed[process.id] = nil
    }

    private mutating func handleTimers() {
        let now = ContinuousClock.now
        for process in timed.values where process.deadline.map({ $0 <= now }) == true {
            if !process.leaderIsGone {
                process.signalGroup(SIGKILL)
                // SIGKILL cannot be refused; what remains is to see the end.
                process.killSent = true
            }
            advance(process)
        }
    }

    /// Milliseconds until the next timer, rounded up; -1 without one.
    private func waitTime() -> CInt {
        guard let next = timed.values.compactMap(\.deadline).min() else { return -1 }
        let left = ContinuousClock.now.duration(to: next)
        return left <= .zero ? 0 : CInt(clamping: left.milliseconds + 1)
    }
}
