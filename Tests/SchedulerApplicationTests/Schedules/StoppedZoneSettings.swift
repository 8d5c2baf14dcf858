import SchedulerDomain
import SchedulerErrors
import Synchronization

/// Zone settings that write down what is read, let a test act before each move, and fail at one of them.
final class StoppedZoneSettings: ZoneSettings {
    /// Whether the failing move is done all the same, as when the answer of a commit is lost.
    enum Failure { case before, after }

    private struct State {
        var reads: [TaskID?] = []
        var moves = 0
    }

    private let base: any ZoneSettings
    private let failing: (move: Int, Failure)?
    private let beforeMove: @Sendable () async throws -> Void
    private let state = Mutex(State())

    init(
        _ base: any ZoneSettings, failing: (move: Int, Failure)? = nil,
        beforeMove: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.base = base
        self.failing = failing
        self.beforeMove = beforeMove
    }

    /// After which tasks was read.
    var reads: [TaskID?] { state.withLock { $0.reads } }

    func zoneProgress() async throws -> ZoneProgress? { try await base.zoneProgress() }

    func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks {
        state.withLock { $0.reads.append(last) }
        return try await base.upcoming(after: last, limit: limit)
    }

    func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID> {
        let number = state.withLock { state in
            state.moves += 1
            return state.moves
        }
        try await beforeMove()
        let failure = SchedulerError(.storeUnavailable, "the store is away")
        if let failing, failing.move == number, failing.1 == .before { throw failure }
        let moved = try await base.move(moves, progress: progress, term: term)
        if let failing, failing.move == number { throw failure }
        return moved
    }
}
