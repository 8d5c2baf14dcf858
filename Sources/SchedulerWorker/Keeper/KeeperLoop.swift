import CProcess
import DequeModule
import Glibc
import SchedulerDomain

/// The main thread of a keeper: hears the worker, sees the ends of tasks, and enforces their grace.
///
/// It never blocks. What blocks, the start of a program, is done by the spawner's threads; an answer that a slow worker
/// does not take waits in a list that is bounded by the number of tasks.
struct KeeperLoop {
    private enum Watched {
        case task(UInt64)
        case orphan(pid_t)
    }

    private static let socketToken: UInt64 = 0
    private static let answersToken: UInt64 = 1
    private static let eventsPerTurn = 128
    /// A sweep looks at every process of the system, so at most a tenth of the time goes into sweeps.
    private static let sweepShare = 9
    private static let recheck = Duration.milliseconds(20)
    private static let retry = Duration.milliseconds(5)
    /// How long the end of the keeper may take; what is left then cannot be killed by anyone.
    private static let closingTime = Duration.seconds(10)

    private let socket: CInt
    private let spawner: KeeperSpawner
    private let epoll: CInt
    private var tasks: [UInt64: KeptTask] = [:]
    private var watched: [UInt64: (Watched, CInt)] = [:]
    private var orphans: Set<pid_t> = []
    private var nextToken: UInt64 = 2
    private var unsent: Deque<scheduler_keeper_event> = []
    private var sweeps = 0
    private var nextSweepAt: ContinuousClock.Instant?
    private var noSweepBefore = ContinuousClock.now
    private var leftGroups: [ControlGroup] = []
    private var closingUntil: ContinuousClock.Instant?

    init(socket: CInt, spawner: KeeperSpawner) throws {
        self.socket = socket
        self.spawner = spawner
        epoll = scheduler_epoll_create()
        guard epoll >= 0, scheduler_epoll_add(epoll, socket, KeeperLoop.socketToken) == 0,
            scheduler_epoll_add(epoll, spawner.answers.descriptor, KeeperLoop.answersToken) == 0
        else { throw SystemFault() }
    }

    /// Returns when the worker is gone and nothing of its tasks is left.
    mutating func run() {
        var tokens = [UInt64](repeating: 0, count: KeeperLoop.eventsPerTurn)
        while !isOver {
            let count = scheduler_epoll_wait(epoll, &tokens, CInt(tokens.count), waitTime())
            for token in tokens.prefix(Int(count)) {
                switch token {
                case KeeperLoop.socketToken: receive()
                case KeeperLoop.answersToken: for answer in spawner.answers.takeAll().elements { note(answer) }
                default: noteEnd(token)
                }
            }
            handleTimers()
            flush()
        }
    }

    private var isOver: Bool {
        guard let closingUntil else { return false }
        return (tasks.isEmpty && orphans.isEmpty && leftGroups.isEmpty) || closingUntil <= .now
    }

    // MARK: - The worker

    private mutating func receive() {
        while closingUntil == nil {
            var request = scheduler_keeper_request()
            var descriptors = [CInt](repeating: -1, count: Int(SCHEDULER_MESSAGE_DESCRIPTORS))
            var count: CInt = 0
            let size = scheduler_receive(
                socket, &request, MemoryLayout<scheduler_keeper_request>.size, &descriptors, &count)
            if size < 0, errno == EAGAIN { return }
            guard size > 0 else { return close() }
            handle(request, Array(descriptors.prefix(Int(count))))
        }
    }

    private mutating func handle(_ request: scheduler_keeper_request, _ descriptors: [CInt]) {
        switch request.kind {
        case UInt32(SCHEDULER_KEEPER_START):
            guard let start = KeeperStart(request, descriptors: descriptors) else {
                return refuse(request.id, error: EINVAL, SCHEDULER_SPAWN_SETUP)
            }
            tasks[request.id] = KeptTask(id: request.id)
            spawner.start(start)
        case UInt32(SCHEDULER_KEEPER_STOP):
            guard let task = tasks[request.id] else { return }
            task.stop(grace: .milliseconds(Int64(request.grace_ms)), at: .now)
        default:
            for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
        }
    }

    /// The worker is gone, and with it goes everything it started.
    private mutating func close() {
        closingUntil = .now + KeeperLoop.closingTime
        scheduler_epoll_remove(epoll, socket)
        unsent.removeAll()
        for task in tasks.values { kill(task) }
        nextSweepAt = .now
    }

    private func kill(_ task: KeptTask) {
        if task.isStarting { spawner.kill(task.id) }
        task.kill()
        task.group?.kill()
    }

    private mutating func send(_ event: scheduler_keeper_event) {
        guard closingUntil == nil else { return }
        unsent.append(event)
    }

    private mutating func refuse(_ id: UInt64, error: Int32, _ step: scheduler_spawn_step) {
        var event = scheduler_keeper_event()
        event.id = id
        event.kind = UInt32(SCHEDULER_KEEPER_REFUSED)
        event.error = error
        event.step = Int32(step.rawValue)
        send(event)
    }

    private mutating func flush() {
        while var event = unsent.first {
            guard scheduler_send(socket, &event, MemoryLayout<scheduler_keeper_event>.size, nil, 0, 0) == 0 else {
                // A worker that is gone is seen by the next look at the socket.
                return
            }
            unsent.removeFirst()
        }
    }

    // MARK: - Starts and ends

    private mutating func note(_ answer: KeeperSpawner.Answer) {
        guard let task = tasks[answer.id] else { return }
        task.group = answer.group
        guard answer.result.error == 0 else {
            tasks[answer.id] = nil
            if let group = answer.group, !group.remove() { leftGroups.append(group) }
            return refuse(answer.id, error: answer.result.error, answer.result.step)
        }
        task.begin(pid: answer.result.pid)
        watch(.task(answer.id), answer.result.pidfd)
        var event = scheduler_keeper_event()
        event.id = answer.id
        event.kind = UInt32(SCHEDULER_KEEPER_STARTED)
        event.pid = answer.result.pid
        send(event)
        if closingUntil != nil { kill(task) }
    }

    private mutating func watch(_ what: Watched, _ descriptor: CInt) {
        if scheduler_epoll_add(epoll, descriptor, nextToken) == 0 {
            watched[nextToken] = (what, descriptor)
            nextToken += 1
        } else {
            // Not seen here, so seen by the next sweeps, which go on while it lives.
            Glibc.close(descriptor)
            nextSweepAt = .now
        }
    }

    private mutating func noteEnd(_ token: UInt64) {
        guard let (what, descriptor) = watched.removeValue(forKey: token) else { return }
        scheduler_epoll_remove(epoll, descriptor)
        Glibc.close(descriptor)
        switch what {
        case .task(let id): if let task = tasks[id] { leaderEnded(task) }
        case .orphan(let pid): reapOrphan(pid)
        }
        if nextSweepAt == nil { nextSweepAt = .now }
    }

    private mutating func leaderEnded(_ task: KeptTask) {
        if let killAt = task.killAt, killAt > .now {
            task.phase = .lingering
        } else {
            finishGroup(task)
        }
    }

    private mutating func finishGroup(_ task: KeptTask) {
        task.finishGroup(sweep: sweeps, at: .now)
        task.group?.kill()
        spawner.forget(task.pid)
        nextSweepAt = .now
    }

    private mutating func reapOrphan(_ pid: pid_t) {
        var exit = scheduler_exit()
        if scheduler_reap(pid, &exit) != 0 { orphans.remove(pid) }
    }

    private mutating func handleTimers() {
        let now = ContinuousClock.now
        for task in tasks.values {
            guard let killAt = task.killAt, killAt <= now else { continue }
            if task.isLingering { finishGroup(task) } else { kill(task) }
        }
        if let due = nextSweepAt, max(due, noSweepBefore) <= now { sweep(now) }
        leftGroups.removeAll { $0.remove() }
    }

    /// Milliseconds until the next timer, rounded up; -1 without one.
    private func waitTime() -> CInt {
        var next = nextSweepAt.map { max($0, noSweepBefore) }
        func consider(_ instant: ContinuousClock.Instant?) {
            if let instant { next = min(instant, next ?? instant) }
        }
        for task in tasks.values { consider(task.killAt) }
        consider(closingUntil)
        if !unsent.isEmpty || !leftGroups.isEmpty { consider(.now + KeeperLoop.retry) }
        guard let next else { return -1 }
        let left = ContinuousClock.now.duration(to: next)
        return left <= .zero ? 0 : CInt(clamping: left.milliseconds + 1)
    }

    // MARK: - Sweeps

    private mutating func sweep(_ began: ContinuousClock.Instant) {
        let lingering = tasks.values.filter(\.isLingering)
        let spared = Set(lingering.map(\.pid))
        var found: OrphanSweep?
        spawner.withLeaders { leaders in
            found = OrphanSweep.run(keeper: getpid(), leaders: leaders, sparedGroups: spared)
        }
        noSweepBefore = .now + (began.duration(to: .now) * KeeperLoop.sweepShare)
        nextSweepAt = nil
        if let found {
            sweeps += 1
            for pid in found.remains { reapOrphan(pid) }
            let areNew = adopt(found.orphans + found.spared.map(\.pid))
            let alive = Set(found.spared.map(\.group))
            for task in lingering where !alive.contains(task.pid) { finishGroup(task) }
            if areNew {
                nextSweepAt = .now
                noSweepBefore = .now
            }
            report(cleanSweep: found.isClean ? sweeps : nil)
        }
        // Whoever still waits for an end that makes no event (a group, an unwatched orphan) is looked after in time.
        if nextSweepAt == nil, tasks.values.contains(where: \.isEnding) { nextSweepAt = .now + KeeperLoop.recheck }
    }

    /// - Returns: whether any of them was not known yet.
    private mutating func adopt(_ pids: [pid_t]) -> Bool {
        var areNew = false
        for pid in pids where orphans.insert(pid).inserted {
            areNew = true
            let descriptor = scheduler_pidfd(pid)
            if descriptor >= 0 { watch(.orphan(pid), descriptor) }
        }
        return areNew
    }

    /// Tells the worker of the tasks of which nothing is left.
    private mutating func report(cleanSweep: Int?) {
        for task in tasks.values where task.isDone(cleanSweep: cleanSweep, at: .now) {
            tasks[task.id] = nil
            var event = scheduler_keeper_event()
            event.id = task.id
            event.kind = UInt32(SCHEDULER_KEEPER_ENDED)
            event.pid = task.pid
            event.was_stopped = task.wasStopped ? 1 : 0
            event.exit = task.exit
            if let group = task.group {
                let usage = group.usage()
                event.memory_kills = usage.memoryKills
                event.exit.peak_memory_bytes = usage.peakMemoryBytes ?? event.exit.peak_memory_bytes
                event.exit.cpu_microseconds = usage.cpuMicroseconds ?? event.exit.cpu_microseconds
                if !group.remove() { leftGroups.append(group) }
            }
            send(event)
        }
    }
}
