import Synchronization

/// How much the logs of a worker hold in memory together, in bytes.
final class LogMemory: Sendable {
    private let limit: Int
    private let held = Atomic(0)

    init(limit: Int) { self.limit = limit }

    var used: Int { held.load(ordering: .relaxed) }

    /// Takes memory if there is room.
    ///
    /// - Parameter isForced: takes it in any case.
    func take(_ bytes: Int, isForced: Bool = false) -> Bool {
        let before = held.wrappingAdd(bytes, ordering: .relaxed).oldValue
        guard before + bytes > limit, !isForced else { return true }
        give(back: bytes)
        return false
    }

    func give(back bytes: Int) { held.wrappingSubtract(bytes, ordering: .relaxed) }
}
