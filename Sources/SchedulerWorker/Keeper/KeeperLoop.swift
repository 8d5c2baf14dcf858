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
    /// How often something is looked at that makes no event.
    private static let recheck = Duration.milliseconds(20)
    /// A start that takes so long hangs, and another thread is added for the others; in ten times that it is ended.
    private static let slowStart = Duration.seconds(3)
    /// How long the end of the keeper may take; what is left then cannot be killed by anyone.
    private static let closingTime = Duration.seconds(10)

    private let socket: CInt
    private let spawner: KeeperSpawner
    private let epoll: CInt
    private var tasks: [UInt64: KeptTask] = [:]
    /// Starts that have no answer yet, and when they were asked for.
    private var starts: [UInt64: ContinuousClock.Instant] = [:]
    private var nextThreadAt: ContinuousClock.Instant?
    /// Leaders whose end was reported though they had not ended; reaped when they do.
    private var givenUp: [UInt64: pid_t] = [:]
    private var watched: [UInt64: (Watched, CInt)] = [:]
    /// Children of ours that are none of the tasks, and since when.
    private var orphans: [pid_t: ContinuousClock.Instant] = [:]
    private var nextToken: UInt64 = 2
    private var unsent: Deque<scheduler_keeper_event> = []
    private var nextSweepAt: ContinuousClock.Instant?
    private var noSweepBefore = ContinuousClock.now
    private var leftGroups = LeftGroups()
    private var lease = KeptLease()
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
            guard !lease.isOver(at: .now) else {
                start.closeDescriptors()
                return refuse(request.id, error: ECANCELED, SCHEDULER_SPAWN_FORK)
            }
            tasks[request.id] = KeptTask(id: request.id)
            starts[request.id] = .now
            spawner.start(start)
        case UInt32(SCHEDULER_KEEPER_STOP): stop(request.id, grace: .milliseconds(Int64(request.grace_ms)))
        case UInt32(SCHEDULER_KEEPER_PING): send(event(SCHEDULER_KEEPER_PONG, of: 0))
        case UInt32(SCHEDULER_KEEPER_LEASE):
            lease.renew(
                LeaseDeadline(
                    stopAt: SharedClock.instant(of: request.stop_at_us),
                    grace: .milliseconds(Int64(request.grace_ms))))
        default:
            for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
        }
    }

    private mutating func stop(_ id: UInt64, grace: Duration) {
        guard let task = tasks[id], !callOff(task) else { return }
        task.stop(grace: grace, at: .now)
    }

    /// - Returns: whether nothing of it had begun; it is refused then.
    private mutating func callOff(_ task: KeptTask) -> Bool {
        guard task.phase == .starting, spawner.callOff(task.id) else { return false }
        tasks[task.id] = nil
        starts[task.id] = nil
        refuse(task.id, error: ECANCELED, SCHEDULER_SPAWN_FORK)
        return true
    }

    /// Stops everything when the lease is over; a worker that comes too late finds what it did not renew ended.
    private mutating func enforceLease(_ now: ContinuousClock.Instant) {
        guard lease.isDue(at: now) else { return }
        // What has come and was not looked at counts.
        receive()
        guard lease.isDue(at: now), let killAt = lease.enforce() else { return }
        for task in Array(tasks.values) where !callOff(task) { task.fence(killAt: killAt) }
    }

    /// The worker is gone, and with it goes everything it started.
    private mutating func close() {
        closingUntil = .now + KeeperLoop.closingTime
        scheduler_epoll_remove(epoll, socket)
        unsent.removeAll()
        for task in tasks.values {
            if task.phase == .starting, spawner.callOff(task.id) { tasks[task.id] = nil } else { kill(task) }
        }
        nextSweepAt = .now
    }

    private func kill(_ task: KeptTask) {
        if task.phase == .starting { spawner.kill(task.id) }
        task.kill(at: .now)
    }

    private func event(_ kind: Int, of id: UInt64) -> scheduler_keeper_event {
        var event = scheduler_keeper_event()
        event.id = id
        event.kind = UInt32(kind)
        return event
    }

    private mutating func send(_ event: scheduler_keeper_event) {
        guard closingUntil == nil else { return }
        unsent.append(event)
    }

    private mutating func refuse(_ id: UInt64, error: Int32, _ step: scheduler_spawn_step) {
        var event = event(SCHEDULER_KEEPER_REFUSED, of: id)
        event.error = error
        event.step = Int32(step.rawValue)
        send(event)
    }

    private mutating func flush() {
        while var event = unsent.first {
            // A worker that is gone is seen by the next look at the socket.
            guard scheduler_send(socket, &event, MemoryLayout<scheduler_keeper_event>.size, nil, 0, 0) == 0 else {
                return
            }
            unsent.removeFirst()
        }
    }

    // MARK: - Starts and ends

    private mutating func note(_ answer: KeeperSpawner.Answer) {
        starts[answer.id] = nil
        guard let task = tasks[answer.id] else { return }
        task.group = answer.group
        guard answer.result.error == 0 else {
            tasks[answer.id] = nil
            if let group = answer.group { leftGroups.remove(group) }
            return refuse(answer.id, error: answer.result.error, answer.result.step)
        }
        task.begin(pid: answer.result.pid, at: .now)
        var event = event(SCHEDULER_KEEPER_STARTED, of: answer.id)
        event.pid = answer.result.pid
        send(event)
        if !watch(.task(answer.id), answer.result.pidfd) {
            // Its end would be seen by nobody, so it comes now.
            kill(task)
            task.finishGroup(at: .now)
        } else if closingUntil != nil {
            kill(task)
        }
    }

    /// - Returns: false where the system has no room for it; the descriptor is closed then.
    private mutating func watch(_ what: Watched, _ descriptor: CInt) -> Bool {
        guard scheduler_epoll_add(epoll, descriptor, nextToken) == 0 else {
            Glibc.close(descriptor)
            return false
        }
        watched[nextToken] = (what, descriptor)
        nextToken += 1
        return true
    }

    private mutating func noteEnd(_ token: UInt64) {
        guard let (what, descriptor) = watched.removeValue(forKey: token) else { return }
        scheduler_epoll_remove(epoll, descriptor)
        Glibc.close(descriptor)
        switch what {
        case .task(let id):
            if let task = tasks[id] {
                task.leaderEnded(at: .now)
                settle(task)
            } else if let pid = givenUp[id], reap(pid) {
                givenUp[id] = nil
            }
        case .orphan(let pid): reapOrphan(pid)
        }
        nextSweepAt = .now
    }

    /// A leader that was reaped is no child any more.
    private func settle(_ task: KeptTask) {
        if task.wasReaped { spawner.forget(task.pid) }
    }

    /// - Returns: whether a leader that was given up is gone.
    private func reap(_ pid: pid_t) -> Bool {
        var exit = scheduler_exit()
        guard scheduler_reap(pid, &exit) != 0 else { return false }
        spawner.forget(pid)
        return true
    }

    private mutating func reapOrphan(_ pid: pid_t) {
        var exit = scheduler_exit()
        if scheduler_reap(pid, &exit) != 0 { orphans[pid] = nil }
    }

    private mutating func handleTimers() {
        let now = ContinuousClock.now
        enforceLease(now)
        for task in tasks.values {
            if let killAt = task.killAt, killAt <= now {
                if task.phase == .lingering { task.finishGroup(at: now) } else { kill(task) }
                settle(task)
            }
            if task.phase == .traced {
                task.reap()
                settle(task)
            }
            if let giveUpAt = task.giveUpAt, giveUpAt <= now, task.phase != .starting { giveUp(task) }
        }
        handleSlowStarts(now)
        if let due = nextSweepAt, max(due, noSweepBefore) <= now { sweep(now) }
        leftGroups.retry(at: now)
    }

    private mutating func handleSlowStarts(_ now: ContinuousClock.Instant) {
        guard let oldest = starts.values.min() else { return }
        if oldest + KeeperLoop.slowStart <= now, nextThreadAt.map({ $0 <= now }) ?? true {
            nextThreadAt = now + KeeperLoop.slowStart
            // Without room for a thread the others wait for the end of those that hang.
            try? spawner.addThread()
        }
        for (id, since) in starts where since + KeeperLoop.slowStart * 10 <= now { spawner.kill(id) }
    }

    /// Something of it cannot be killed, and nobody can wait for that for ever.
    private mutating func giveUp(_ task: KeptTask) {
        if !task.wasReaped { givenUp[task.id] = task.pid }
        task.giveUp()
        report(task)
    }

    /// Milliseconds until the next timer, rounded up; -1 without one.
    private func waitTime() -> CInt {
        var next = nextSweepAt.map { max($0, noSweepBefore) }
        func consider(_ instant: ContinuousClock.Instant?) {
            if let instant { next = min(instant, next ?? instant) }
        }
        for task in tasks.values {
            consider(task.killAt)
            consider(task.giveUpAt)
        }
        consider(closingUntil)
        if !tasks.isEmpty { consider(lease.nextLook(at: .now)) }
        consider(leftGroups.nextTry)
        if !starts.isEmpty { consider(.now + KeeperLoop.slowStart) }
        if !unsent.isEmpty || tasks.values.contains(where: { $0.phase == .traced }) {
            consider(.now + KeeperLoop.recheck)
        }
        guard let next else { return -1 }
        let left = ContinuousClock.now.duration(to: next)
        return left <= .zero ? 0 : CInt(clamping: left.milliseconds + 1)
    }

    // MARK: - Sweeps

    private mutating func sweep(_ began: ContinuousClock.Instant) {
        for (id, pid) in givenUp where reap(pid) { givenUp[id] = nil }
        let lingering = tasks.values.filter { $0.phase == .lingering }
        let spared = Set(lingering.map(\.pid))
        let found = spawner.withLeaders { leaders in
            OrphanSweep.run(keeper: getpid(), leaders: leaders, sparedGroups: spared)
        }
        noSweepBefore = .now + (began.duration(to: .now) * KeeperLoop.sweepShare)
        nextSweepAt = nil
        if let found {
            for pid in found.remains { reapOrphan(pid) }
            if adopt(found.orphans + found.spared.map(\.pid)) {
                nextSweepAt = .now
                noSweepBefore = .now
            }
            for (pid, _) in found.spared { orphans[pid] = .now }
            // One that does not die although it was killed holds up nobody who ends later.
            let stuck = orphans.filter { $0.value + KeptTask.patience <= began }.keys
            let living = found.living.subtracting(stuck)
            for task in tasks.values {
                task.note(found: living)
                if task.isOver { report(task) }
            }
            let alive = Set(found.spared.map(\.group))
            for task in lingering where !alive.contains(task.pid) {
                task.finishGroup(at: .now)
                settle(task)
                nextSweepAt = .now
            }
        }
        // Whoever still waits for an end that makes no event (a group, an unwatched orphan) is looked after in time.
        if nextSweepAt == nil, tasks.values.contains(where: \.isEnding) { nextSweepAt = .now + KeeperLoop.recheck }
    }

    /// - Returns: whether any of them was not known yet.
    private mutating func adopt(_ pids: [pid_t]) -> Bool {
        var areNew = false
        for pid in pids where orphans[pid] == nil {
            orphans[pid] = .now
            areNew = true
            let descriptor = scheduler_pidfd(pid)
            // Where it cannot be watched, a later sweep finds its remains.
            if descriptor >= 0 { _ = watch(.orphan(pid), descriptor) }
        }
        return areNew
    }

    /// Tells the worker that nothing of a task is left.
    private mutating func report(_ task: KeptTask) {
        tasks[task.id] = nil
        var event = event(SCHEDULER_KEEPER_ENDED, of: task.id)
        event.pid = task.pid
        event.was_stopped = task.wasStopped ? 1 : 0
        event.was_fenced = task.wasFenced ? 1 : 0
        event.exit = task.exit
        if let group = task.group {
            let usage = group.usage()
            event.memory_kills = usage.memoryKills
            event.exit.peak_memory_bytes = usage.peakMemoryBytes ?? event.exit.peak_memory_bytes
            event.exit.cpu_microseconds = usage.cpuMicroseconds ?? event.exit.cpu_microseconds
            leftGroups.remove(group)
        }
        send(event)
    }
}
