/// Which of the fire times that one transaction of a backfill looks at get their runs: pure, so that every store decides
/// alike.
public struct BackfillSlice: Sendable {
    /// The runs to make, in order.
    public private(set) var made: [NewRun] = []
    public private(set) var step = BackfillStep()

    /// - Parameters:
    ///   - offered: a run for each fire time, in order; the n-th that is made falls due when the n-th was to.
    ///   - limit: the most runs that are made.
    ///   - taken: the fire times that have a run.
    ///   - undecided: the first fire time that the schedule itself has yet to decide; nil: there is none.
    ///   - room: how many more runs `max_executions` allows; nil without limit.
    public init(
        _ offered: [NewRun], atMost limit: Int, taken: Set<UTCInstant>, undecided: UTCInstant?, room: Int64?,
        now: UTCInstant
    ) {
        for new in offered {
            let fire = new.scheduledAt ?? now
            if taken.contains(fire) || undecided.map({ fire >= $0 }) == true {
                step.leftOut += 1
            } else if made.count < limit, room.map({ made.count < $0 }) != false {
                var run = new
                run.dueAt = offered[made.count].dueAt
                made.append(run)
            } else {
                step.stoppedAt = fire
                break
            }
        }
        step.created = made.map(\.id)
    }
}
