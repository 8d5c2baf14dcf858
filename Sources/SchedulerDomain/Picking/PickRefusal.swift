/// What holds a pending run back.
///
/// The picker asks for it, and so does whoever explains why a run waits.
public enum PickRefusal: Sendable, Hashable {
    case notDue(until: UTCInstant)
    /// Its task is paused, and nobody asked for the run by hand.
    case paused
    /// As many runs of its task are under way as `max_concurrent` allows.
    case taskLimit(used: Int, limit: Int)
    /// As many runs with its concurrency key are under way, of whichever task.
    case keyLimit(key: String, used: Int, limit: Int)
    case tenantLimit(used: Int, limit: Int)
    /// No live worker takes its type.
    case noWorker(type: String)
    /// Some live worker takes its type, and none of them has its executor.
    case noExecutor(String, type: String)
    /// Only some of the workers that take its type have its executor, and all their slots are in use.
    case noAbleSlot(executor: String, type: String, slots: Int)
    /// It is a suspect, and no worker without another one has a free slot, or one is on its way.
    case isolation
    /// All slots of the workers that take its type are in use.
    case noSlot(type: String, slots: Int)

    /// Whether all that is wanting is a slot.
    public var isOfSlots: Bool {
        switch self {
        case .noSlot: true
        // Others may have the slots that are left.
        case .notDue, .paused, .taskLimit, .keyLimit, .tenantLimit, .noWorker, .noExecutor, .noAbleSlot, .isolation:
            false
        }
    }
}
