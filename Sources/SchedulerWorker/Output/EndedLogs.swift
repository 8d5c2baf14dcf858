import DequeModule
import SchedulerDomain

/// The logs of ended attempts that the store does not have yet, in the order of their ends.
///
/// An attempt that has ended makes room for the next, whose log comes on top; so while the store cannot be written, the
/// oldest are given up where all of them become too much.
struct EndedLogs {
    private let byteLimit: Int
    private let countLimit: Int
    /// Some behind the first may be gone already.
    private var order: Deque<RunAttempt> = []
    /// What each took when it ended.
    private var sizes: [RunAttempt: Int] = [:]
    private var bytes = 0

    init(byteLimit: Int, countLimit: Int) {
        self.byteLimit = byteLimit
        self.countLimit = countLimit
    }

    /// Adds the log of an attempt that has just ended.
    ///
    /// - Returns: the attempts whose logs are to be given up; never this one.
    mutating func add(_ attempt: RunAttempt, bytes size: Int) -> [RunAttempt] {
        remove(attempt)
        order.append(attempt)
        sizes[attempt] = size
        bytes += size
        var givenUp: [RunAttempt] = []
        while bytes > byteLimit || order.count > countLimit, let oldest = order.first, oldest != attempt {
            if sizes[oldest] != nil { givenUp.append(oldest) }
            remove(oldest)
        }
        return givenUp
    }

    /// The store has it, or never will.
    mutating func remove(_ attempt: RunAttempt) {
        if let size = sizes.removeValue(forKey: attempt) { bytes -= size }
        while let first = order.first, sizes[first] == nil { order.removeFirst() }
    }
}
