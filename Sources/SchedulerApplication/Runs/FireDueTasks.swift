public import Logging
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Turns fire times that have come into runs.
///
/// Any number of dispatchers may do it at once: the store's compare and set lets one decision count.
public struct FireDueTasks: Sendable {
    /// What one pass did.
    public struct Pass: Sendable, Hashable {
        public var runsCreated: Int
        /// How long until the next fire time; zero where more is due now; nil: none is known.
        public var nextFireIn: Duration?
    }

    private static let partSize = 1_000
    /// After so many batches a pass ends, so that nothing that is done between passes waits for long.
    private static let mostBatches = 20

    private let tasks: any TaskRepository
    private let wakeUps: any WakeUps
    private let decider: FireTimesDecider
    private let batch: Int
    private let clock: any Clock<Duration>
    private let setbacks = FireSetbacks()
    private let logger: Logger

    /// - Parameters:
    ///   - batch: the most tasks in one pass.
    ///   - clock: measures how long a pass takes.
    public init(
        tasks: any TaskRepository,
        wakeUps: any WakeUps,
        decider: FireTimesDecider = FireTimesDecider(),
        batch: Int = 500,
        clock: any Clock<Duration> = MonotonicClock(),
        logger: Logger
    ) {
        self.tasks = tasks
        self.wakeUps = wakeUps
        self.decider = decider
        self.batch = batch
        self.clock = clock
        self.logger = logger
    }

    /// - Parameter delay: how long the tasks are left to another dispatcher, which is expected to fire them.
    public func callAsFunction(standby delay: Duration = .zero) async throws -> Pass {
        try await pass(on: clock, standby: delay)
    }

    /// Fires batch after batch while they are full, and reads each one while the store fires the one before it.
    private func pass(on clock: some Clock<Duration>, standby delay: Duration) async throws -> Pass {
        var burst = Burst()
        var (due, readAt) = try await read(except: setbacks.unreadable, on: clock)
        if let first = due.entries.first?.task.nextRunAt?.advanced(by: delay), first > due.now {
            return Pass(runsCreated: 0, nextFireIn: due.now.duration(to: first))
        }
        for number in 1... {
            setbacks.forget(at: due.now)
            let decisions = due.entries.compactMap { decision(for: $0, now: due.now) }
            let mayGoOn = due.entries.count == batch && number < FireDueTasks.mostBatches
            let seen = setbacks.unreadable.union(burst.lost).union(due.entries.map(\.task.id))
            async let behind = mayGoOn ? read(except: seen, on: clock) : nil
            let won = try await fire(decisions)
            burst.add(decisions, won: won)
            guard let next = try await behind, !won.isEmpty else { break }
            (due, readAt) = next
        }
        // Once a pass: to start runs while others are still to be fired would make those late.
        if burst.runsCreated > 0 { await wakeUps.send(.runs) }
        if burst.hasDisplaced { await wakeUps.send(.workers) }
        let pause = setbacks.note(lost: burst.lost, hasWon: burst.hasWon)
        let next = burst.next(behind: due, isFull: due.entries.count == batch, pause: pause, standby: delay)
        // The wait is reckoned from when the store read its clock.
        let wait = next.map { max(.zero, due.now.duration(to: $0) - readAt.duration(to: clock.now)) }
        return Pass(runsCreated: burst.runsCreated, nextFireIn: wait)
    }

    private func read<C: Clock>(
        except seen: Set<TaskID>, on clock: C
    ) async throws -> (DueTasks, C.Instant) where C.Duration == Duration {
        let due = try await tasks.due(limit: batch, except: seen)
        return (due, clock.now)
    }

    private func fire(_ decisions: [FireDecision]) async throws -> Set<TaskID> {
        var won: Set<TaskID> = []
        for part in parts(of: decisions) {
            won.formUnion(try await tasks.fire(part.decisions, waits: part.waits))
            try await FailPoint.hit(.fireAfterCommit)
        }
        return won
    }

    /// Keeps transactions short: a part makes at most `partSize` runs, unless one decision alone makes more.
    ///
    /// Decisions that end other runs go alone, since they hold more than their task. So do, together, those that
    /// were lost again and again: they wait for whoever holds their tasks.
    private func parts(of decisions: [FireDecision]) -> [FirePart] {
        var parts: [FirePart] = []
        let waiting = setbacks.lostAgain
        for kind in [false, true] {
            var part = FirePart(waits: kind)
            for decision in decisions where waiting.contains(decision.task) == kind {
                if decision.keepAtMost != nil {
                    parts.append(FirePart(waits: kind, decisions: [decision], runs: decision.runs.count))
                    continue
                }
                if !part.decisions.isEmpty, part.runs + decision.runs.count > FireDueTasks.partSize {
                    parts.append(part)
                    part = FirePart(waits: kind)
                }
                part.decisions.append(decision)
                part.runs += decision.runs.count
            }
            if !part.decisions.isEmpty { parts.append(part) }
        }
        return parts
    }

    /// A schedule that cannot be read was refused at creation; where its zone is gone since, the others still fire.
    private func decision(for entry: DueTasks.Entry, now: UTCInstant) -> FireDecision? {
        do {
            return try decider.decision(for: entry.task, load: entry.load, now: now)
        } catch {
            guard setbacks.note(unreadable: entry.task) else { return nil }
            logger.error(
                "Task \(entry.task.id) cannot fire: \(error)",
                metadata: [LogKey.taskID: "\(entry.task.id)", LogKey.tenantID: "\(entry.task.tenant)"])
            return nil
        }
    }
}

/// What the batches of one pass came to.
private struct Burst {
    var runsCreated = 0
    var lost: Set<TaskID> = []
    private(set) var hasWon = false
    /// Some fire may have asked running runs to end.
    private(set) var hasDisplaced = false
    private var nextFires: UTCInstant?

    mutating func add(_ decisions: [FireDecision], won: Set<TaskID>) {
        hasWon = hasWon || !won.isEmpty
        for decision in decisions {
            guard won.contains(decision.task) else {
                lost.insert(decision.task)
                continue
            }
            runsCreated += decision.runs.count
            hasDisplaced = hasDisplaced || decision.keepAtMost != nil
            nextFires = [nextFires, decision.next].compactMap { $0 }.min()
        }
    }

    /// When to look again: behind a full batch there may be more, and what was lost is looked at again soon; but never
    /// without a pause where nothing was won.
    func next(behind due: DueTasks, isFull: Bool, pause: Duration, standby delay: Duration) -> UTCInstant? {
        let again = lost.isEmpty ? nil : due.now.advanced(by: pause)
        if hasWon, isFull { return due.now }
        if !hasWon, let again { return again }
        let soonest = [due.nextFireAt, nextFires].compactMap { $0 }.min()?.advanced(by: delay)
        return [soonest, again].compactMap { $0 }.min()
    }
}

/// What one transaction fires.
private struct FirePart {
    let waits: Bool
    var decisions: [FireDecision] = []
    var runs = 0
}
