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

    private static let pauseAfterLoss: Duration = .milliseconds(50)
    private static let partSize = 1_000

    private let tasks: any TaskRepository
    private let wakeUps: any WakeUps
    private let decider: FireTimesDecider
    private let batch: Int
    private let logger: Logger

    /// - Parameter batch: the most tasks in one pass.
    public init(
        tasks: any TaskRepository,
        wakeUps: any WakeUps,
        decider: FireTimesDecider = FireTimesDecider(),
        batch: Int = 500,
        logger: Logger
    ) {
        self.tasks = tasks
        self.wakeUps = wakeUps
        self.decider = decider
        self.batch = batch
        self.logger = logger
    }

    public func callAsFunction() async throws -> Pass {
        let due = try await tasks.due(limit: batch)
        let decisions = due.entries.compactMap { decision(for: $0, now: due.now) }
        var won: Set<TaskID> = []
        for part in FireDueTasks.parts(of: decisions) { won.formUnion(try await tasks.fire(part)) }
        let created = decisions.reduce(0) { $0 + (won.contains($1.task) ? $1.runs.count : 0) }
        if created > 0 { await wakeUps.send(.runs) }
        // A decision that did not count was overtaken, and the task is looked at again soon, but never without a pause.
        let again = due.now.advanced(by: FireDueTasks.pauseAfterLoss)
        let soonest = ([due.nextFireAt] + decisions.map { won.contains($0.task) ? $0.next : again })
            .compactMap { $0 }.min()
        let next = due.entries.count == batch ? .zero : soonest.map { max(.zero, due.now.duration(to: $0)) }
        return Pass(runsCreated: created, nextFireIn: next)
    }

    /// Keeps transactions short: a part makes at most `partSize` runs, unless one decision alone makes more.
    private static func parts(of decisions: [FireDecision]) -> [[FireDecision]] {
        var parts: [[FireDecision]] = []
        var runs = 0
        for decision in decisions {
            if !parts.isEmpty, runs + decision.runs.count <= partSize {
                parts[parts.count - 1].append(decision)
                runs += decision.runs.count
            } else {
                parts.append([decision])
                runs = decision.runs.count
            }
        }
        return parts
    }

    /// A schedule that cannot be read was refused at creation; if one is there all the same, the others still fire.
    private func decision(for entry: DueTasks.Entry, now: UTCInstant) -> FireDecision? {
        do {
            return try decider.decision(for: entry.task, load: entry.load, now: now)
        } catch {
            logger.error(
                "Task \(entry.task.id) cannot fire: \(error)",
                metadata: [LogKey.taskID: "\(entry.task.id)", LogKey.tenantID: "\(entry.task.tenant)"])
            return nil
        }
    }
}
