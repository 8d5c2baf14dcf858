/// What the overlap policy of a dependent task says of another run, by those that it has.
///
/// It holds for waves that a schedule began, which come without end. A wave that a person triggered or a backfill makes
/// is always let through. `cancel_running` is for fire times: a dependent's run waits instead, since to cancel what
/// follows one wave for another would leave both without a result.
public struct WaveLoad: Sendable, Hashable {
    /// The most runs of one task that dependencies made and that wait.
    public static let waitingLimit = 100

    public var policy: OverlapPolicy
    /// How many runs may be live at once; 0 means without limit.
    public var maxConcurrent: Int
    /// The pending runs that dependencies made; counted up to the limit.
    public var waiting: Int
    /// The other runs that count against the policy `skip`: those of the schedule that wait, and all that are dispatched
    /// or running.
    public var others: Int

    public init(policy: OverlapPolicy = .queue, maxConcurrent: Int = 0, waiting: Int = 0, others: Int = 0) {
        self.policy = policy
        self.maxConcurrent = maxConcurrent
        self.waiting = waiting
        self.others = others
    }

    /// Why there is no room for another run; nil where there is.
    var refusal: String? {
        if policy == .skip, maxConcurrent > 0, waiting + others >= maxConcurrent {
            return "overlap: as many runs of the task are live as max_concurrent allows (\(maxConcurrent))"
        }
        return waiting >= WaveLoad.waitingLimit
            ? "overlap: \(WaveLoad.waitingLimit) runs of the task that followed others wait already" : nil
    }
}
