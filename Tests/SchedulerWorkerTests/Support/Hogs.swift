import SchedulerDomain
import Synchronization

@testable import SchedulerWorker

/// Functions that calculate without ever letting go of their threads, until the test ends them.
final class Hogs: Sendable {
    /// More than any machine has Swift threads.
    static let count = 512

    private let isOver = Atomic(false)

    func end() { isOver.store(true, ordering: .relaxed) }

    var function: TaskFunction {
        { _ in
            while !self.isOver.load(ordering: .relaxed) {}
            return .null
        }
    }
}
