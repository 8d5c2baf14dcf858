public import SchedulerErrors

/// What is to happen at a fail point, and at which of its hits; once only.
public struct FailPointOrder: Sendable, Hashable, CustomStringConvertible {
    public enum Action: String, Sendable, CaseIterable {
        /// The process kills itself with SIGKILL: no handler runs, nothing is told or tidied up.
        case crash
        /// Whoever comes by waits for ever: a task until it is cancelled, a thread until the process ends.
        case hang
        /// The step fails as if its server were away, or behind a commit as if the answer were lost.
        case error
    }

    /// The variable that arms a fail point.
    public static let variable = "SCHEDULER_FAILPOINT"

    public let point: FailPoint
    public let action: Action
    /// From 1.
    public let hit: Int

    /// Reads `name:action` or `name:action:n`.
    ///
    /// - Throws: `configuration` with a sentence that names what is wrong and what is possible.
    public init(parsing text: String) throws(SchedulerError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else {
            throw FailPointOrder.misfit("\"\(text)\" is not of the form name:crash|hang|error[:nth]")
        }
        guard let point = FailPoint(rawValue: parts[0]) else {
            let names = FailPoint.allCases.map(\.rawValue).joined(separator: ", ")
            throw FailPointOrder.misfit("there is no fail point \"\(parts[0])\"; there are \(names)")
        }
        guard let action = Action(rawValue: parts[1]) else {
            throw FailPointOrder.misfit("\"\(parts[1])\" is no action; possible are crash, hang and error")
        }
        guard action != .error || point.canFail else {
            throw FailPointOrder.misfit("nobody hears an error at \(point.rawValue); possible are crash and hang")
        }
        guard let hit = parts.count == 3 ? Int(parts[2]) : 1, hit > 0 else {
            throw FailPointOrder.misfit("\"\(parts[2])\" is no number of a hit, which counts from 1")
        }
        self.point = point
        self.action = action
        self.hit = hit
    }

    public var description: String { "\(point.rawValue):\(action.rawValue):\(hit)" }

    private static func misfit(_ sentence: String) -> SchedulerError {
        SchedulerError(.configuration, "\(variable): \(sentence)")
    }
}

/// Counts the hits of one order.
struct FailPointCounter {
    private let order: FailPointOrder
    private var hits = 0

    init(_ order: FailPointOrder) { self.order = order }

    /// - Returns: what is to happen at this hit.
    mutating func action(at point: FailPoint) -> FailPointOrder.Action? {
        guard point == order.point, hits < order.hit else { return nil }
        hits += 1
        return hits == order.hit ? order.action : nil
    }
}
