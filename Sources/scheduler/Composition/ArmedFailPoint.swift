import SchedulerErrors
import SchedulerFoundation

/// The fail point of this process, as `SCHEDULER_FAILPOINT` orders it.
enum ArmedFailPoint {
    /// Arms what the variable orders; called once, before the environment is overwritten.
    ///
    /// - Returns: a sentence for the log, where the variable is set.
    /// - Throws: `configuration` where its value is wrong.
    static func arm(from environment: [String: String]) throws(SchedulerError) -> String? {
        guard let text = environment[FailPointOrder.variable], !text.isEmpty else { return nil }
        guard FailPoint.isCompiledIn else {
            return "\(FailPointOrder.variable) is ignored: fail points were compiled out of this build "
                + "(-Xswiftc -DSCHEDULER_FAILPOINTS keeps them)"
        }
        let order = try FailPointOrder(parsing: text)
        FailPoint.arm(order)
        return "A fail point is armed: this process will \(order.action.sentence) at hit \(order.hit) of "
            + order.point.rawValue
    }
}

extension FailPointOrder.Action {
    fileprivate var sentence: String {
        switch self {
        case .crash: "kill itself"
        case .hang: "hang"
        case .error: "fail once"
        }
    }
}
