/// When the leader last looked for runs that nobody will report, and since when it leads.
struct ForgottenSweep {
    /// How often it looks: such runs are rare, and have waited for minutes.
    static let interval: Duration = .seconds(10)

    private let token: Int64
    private let leadingSince: ContinuousClock.Instant
    private var lastLook: ContinuousClock.Instant

    /// Begins a look where it is time for one; a new term begins anew.
    ///
    /// - Returns: how long the leader has been leading; nil: it is not time yet.
    static func begin(_ sweep: inout ForgottenSweep?, term: Int64, at now: ContinuousClock.Instant) -> Duration? {
        guard var current = sweep, current.token == term else {
            sweep = ForgottenSweep(token: term, leadingSince: now, lastLook: now)
            return nil
        }
        guard current.lastLook.duration(to: now) >= interval else { return nil }
        current.lastLook = now
        sweep = current
        return current.leadingSince.duration(to: now)
    }
}
