public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

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
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.tasks = tasks
        self.wakeUps = wakeUps
        self.decider = decider
        self.batch = batch
        self.clock = clock
        self.logger = logger
    }

    public func callAsFunction() async throws -> Pass {
        let due = try await tasks.due(limit: batch, except: setbacks.unreadable)
        var pass = Pass(runsCreated: 0)
        let spent = try await clock.measure { pass = try await fire(due) }
        // The wait was reckoned from when the store read its clock.
        pass.nextFireIn = pass.nextFireIn.map { max(.zero, $0 - spent) }
        return pass
    }

    private func fire(_ due: DueTasks) async throws -> Pass {
        setbacks.forget(at: due.now)
        let decisions = due.entries.compactMap { decision(for: $0, now: due.now) }
        var won: Set<TaskID> = []
        for part in parts(of: decisions) { won.formUnion(try await tasks.fire(part.decisions, waits: part.waits)) }
        let created = decisions.reduce(0) { $0 + (won.contains($1.task) ? $1.runs.count : 0) }
        if created > 0 { await wakeUps.send(.runs) }
        let lost = decisions.map(\.task).filter { !won.contains($0) }
        let pause = setbacks.note(lost: lost, won: won.count)
        // Behind a full batch there may be more, and what was lost is looked at again soon; but never without a pause
        // where this pass got nothing done.
        let again = lost.isEmpty ? nil : due.now.advanced(by: pause)
        let isFull = due.entries.count == batch
        let soonest = ([due.nextFireAt, again] + decisions.map { won.contains($0.task) ? $0.next : nil })
            .compactMap { $0 }.min()
        let next = !won.isEmpty && isFull ? due.now : !lost.isEmpty && won.isEmpty ? again : soonest
        return Pass(runsCreated: created, nextFireIn: next.map { max(.zero, due.now.duration(to: $0)) })
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
            guard setbacks.note(unreadable: entry.task, at: now) else { return nil }
            logger.error(
                "Task \(entry.task.id) cannot fire: \(error)",
                metadata: [LogKey.taskID: "\(entry.task.id)", LogKey.tenantID: "\(entry.task.tenant)"])
            return nil
        }
    }
}

/// What one transaction fires.
private struct FirePart {
    let waits: Bool
    var decisions: [FireDecision] = []
    var runs = 0
}
