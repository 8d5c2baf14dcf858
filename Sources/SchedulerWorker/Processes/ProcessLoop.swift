import CProcess
import Glibc
import SchedulerDomain
import SchedulerErrors

/// The one thread that reads all output and hears the keeper.
///
/// Its state belongs to that thread alone.
struct ProcessLoop {
    enum Command: Sendable {
        case watch(KeeperLink)
        case add(RunningProcess)
        /// The keeper did not take its start.
        case lost(UInt64)
    }

    private enum Watched {
        case keeper(KeeperLink)
        case process(RunningProcess)
    }

    /// How long output is still read after everything of a process is gone, in case that somebody else holds its pipe.
    private static let drainTime = Duration.milliseconds(500)
    private static let commandToken: UInt64 = 0
    /// How many may announce themselves per wait.
    private static let eventsPerTurn = 128

    private let settings: ProcessSettings
    private let epoll: CInt
    private let commands: Inbox<Command>
    /// Ends a process at once, after its start was sent.
    private let end: (UInt64) -> Void
    private var processes: [UInt64: RunningProcess] = [:]
    private var watched: [UInt64: Watched] = [:]
    /// Those that ended and are not silent; few, so they are simply gone through.
    private var draining: [UInt64: RunningProcess] = [:]
    /// When the keeper has to have said something; nil where it has nothing to do.
    private var answerBy: ContinuousClock.Instant?
    private var nextPing = ContinuousClock.now
    private var tokens: [UInt64: UInt64] = [:]
    private var nextToken: UInt64 = 4
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1_024, alignment: 16)

    /// - Parameters:
    ///   - epoll: watches the commands already; the loop closes it at its end.
    ///   - end: asks the keeper to end a process at once, behind its start.
    init(
        settings: ProcessSettings, epoll: CInt, commands: Inbox<Command>, end: @escaping (UInt64) -> Void
    ) {
        self.settings = settings
        self.epoll = epoll
        self.commands = commands
        self.end = end
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

    mutating func run() {
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
                } else if let what = watched[token & ~3] {
                    handle(what, token)
                }
            }
            handleTimers()
        }
        for case .keeper(let link) in watched.values {
            link.disconnect()
            link.reap()
            link.markGone()
        }
    }

    private mutating func handle(_ command: Command) {
        switch command {
        case .watch(let link): watch(link)
        case .add(let process): add(process)
        case .lost(let id): if let process = processes[id] { abandon(process, ProcessLoop.keeperIsGone) }
        }
    }

    private mutating func handle(_ what: Watched, _ token: UInt64) {
        switch what {
        case .keeper(let link): hear(link, token)
        case .process(let process):
            guard let source = RunningProcess.Source(rawValue: token & 3) else { return }
            if !process.read(source, into: buffer) { process.close(source, in: epoll) }
            if process.hasEnded, process.isSilent { finish(process) }
        }
    }

    private mutating func takeToken() -> UInt64 {
        defer { nextToken += 4 }
        return nextToken
    }

    // MARK: - Processes

    private mutating func add(_ process: RunningProcess) {
        // A keeper that has died meanwhile will never speak of it.
        guard !process.link.isGone else { return abandon(process, ProcessLoop.keeperIsGone) }
        let token = takeToken()
        processes[process.id] = process
        tokens[process.id] = token
        watched[token] = .process(process)
        for source in RunningProcess.Source.allCases {
            guard scheduler_epoll_add(epoll, process.descriptor(of: source), token | source.rawValue) == 0 else {
                process.fault = SchedulerError(
                    .execution, "the output of the process cannot be watched: \(systemMessage(errno))")
                return end(process.id)
            }
        }
    }

    private static let keeperIsGone = "the keeper of the worker's processes died, and they with it"

    private mutating func abandon(_ process: RunningProcess, _ reason: String) {
        forget(process)
        process.fail(SchedulerError(.execution, "the process was lost: \(reason)"))
    }

    private mutating func finish(_ process: RunningProcess) {
        forget(process)
        process.finish()
    }

    private mutating func forget(_ process: RunningProcess) {
        for source in RunningProcess.Source.allCases { process.close(source, in: epoll) }
        processes[process.id] = nil
        draining[process.id] = nil
        if let token = tokens.removeValue(forKey: process.id) { watched[token] = nil }
    }

    private mutating func handleTimers() {
        let now = ContinuousClock.now
        for process in draining.values where process.drainUntil.map({ $0 <= now }) == true { finish(process) }
        checkKeeper(now)
    }

    /// Milliseconds until the next timer, rounded up; -1 without one.
    private func waitTime() -> CInt {
        var instants = draining.values.compactMap(\.drainUntil)
        if !processes.isEmpty { instants += [nextPing] + (answerBy.map { [$0] } ?? []) }
        guard let next = instants.min() else { return -1 }
        let left = ContinuousClock.now.duration(to: next)
        return left <= .zero ? 0 : CInt(clamping: left.milliseconds + 1)
    }

    // MARK: - The keeper

    private mutating func watch(_ link: KeeperLink) {
        let token = takeToken()
        watched[token] = .keeper(link)
        if scheduler_epoll_add(epoll, link.socket, token) != 0 { bury(link, token) }
    }

    /// Asks the keeper whether it works, as long as it has something to do, and kills one that does not answer; its end is
    /// then seen as any other death.
    private mutating func checkKeeper(_ now: ContinuousClock.Instant) {
        guard !processes.isEmpty else {
            answerBy = nil
            return
        }
        let links = watched.values.compactMap { if case .keeper(let link) = $0 { link } else { nil } }
        if let due = answerBy, due <= now - settings.keeperPatience / 2 {
            // This process was stopped itself; the answer may have come meanwhile.
            answerBy = now + settings.keeperPatience
        } else if let due = answerBy, due <= now {
            answerBy = nil
            for link in links { link.kill() }
        }
        guard nextPing <= now else { return }
        nextPing = now + settings.keeperPatience / 4
        // One that takes no more messages has those that were sent before.
        for link in links { link.ping() }
        if answerBy == nil { answerBy = now + settings.keeperPatience }
    }

    private mutating func hear(_ link: KeeperLink, _ token: UInt64) {
        answerBy = nil
        while true {
            var event = scheduler_keeper_event()
            var descriptors = [CInt](repeating: -1, count: Int(SCHEDULER_MESSAGE_DESCRIPTORS))
            var count: CInt = 0
            let size = scheduler_receive(
                link.socket, &event, MemoryLayout<scheduler_keeper_event>.size, &descriptors, &count)
            if size < 0, errno == EAGAIN { return }
            guard size == MemoryLayout<scheduler_keeper_event>.size else { return bury(link, token) }
            // The keeper may be faster than this thread: a process is announced before its start is sent, so that it is in
            // the inbox by now.
            if processes[event.id] == nil { for command in commands.takeQueued() { handle(command) } }
            if let process = processes[event.id] { handle(event, of: process) }
        }
    }

    private mutating func handle(_ event: scheduler_keeper_event, of process: RunningProcess) {
        switch event.kind {
        case UInt32(SCHEDULER_KEEPER_STARTED): process.group = event.pid
        case UInt32(SCHEDULER_KEEPER_REFUSED):
            forget(process)
            let error = SchedulerError.refusedStart(event, of: process.start.request)
            // Called off before anything had begun.
            process.fail(event.error == ECANCELED ? CancellationError() : error)
        default:
            process.note(event, drainFor: ProcessLoop.drainTime)
            for source in RunningProcess.Source.allCases where !process.readRest(source, into: buffer) {
                process.close(source, in: epoll)
            }
            if process.isSilent { finish(process) } else { draining[process.id] = process }
        }
    }

    /// The keeper has died: so have the leaders of its tasks, by the kernel's hand (`PR_SET_PDEATHSIG`); what is left of
    /// their groups, and what this process inherits, is killed here.
    private mutating func bury(_ link: KeeperLink, _ token: UInt64) {
        scheduler_epoll_remove(epoll, link.socket)
        watched[token] = nil
        link.kill()
        let lost = processes.values.filter { $0.link === link }
        for process in lost where process.group > 0 && !process.hasEnded { _ = Glibc.kill(-process.group, SIGKILL) }
        link.reap()
        if settings.adoptsOrphans { InheritedProcesses.kill() }
        link.markGone()
        for process in lost where !process.hasEnded { abandon(process, ProcessLoop.keeperIsGone) }
    }
}
