extension FireTimes {
    /// Returns where a schedule goes on that was stored by other rules of its zone; nil: never again.
    ///
    /// The fire time that the stored one has become may have passed already. Then it is the answer, for the misfire
    /// policy to decide: no fire time vanishes without a line in the ledger. One that lies nearer to the last decided
    /// fire time than to the stored one is that one's, under its new name, and comes not again.
    ///
    /// - Parameters:
    ///   - stored: the fire time by the old rules, still to come.
    ///   - decided: the last fire time in the ledger; nil: there is none.
    ///   - since: when the task was last edited; its schedule counts from then on.
    ///   - now: the present time.
    public func next(
        following stored: UTCInstant, decided: UTCInstant?, since: UTCInstant, now: UTCInstant
    ) -> UTCInstant? {
        var anchor = max(since, stored.advanced(by: .zero - FireTimes.farthestMove))
        if let decided {
            anchor = max(anchor, decided.advanced(by: decided.duration(to: stored) / 2))
        }
        return next(after: min(anchor, now))
    }

    /// From UTC−12 to UTC+14: no change of its rules moves a fire time further.
    private static let farthestMove: Duration = .seconds(26 * 3_600)
}
