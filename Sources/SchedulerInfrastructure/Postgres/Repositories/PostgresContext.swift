import SchedulerDomain

/// What the repositories share: the sessions and the clock.
struct PostgresContext: Sendable {
    let pool: PostgresPool
    /// Virtual time of a test; nil in production, where every statement takes the server's `now()`.
    let clock: (@Sendable () -> UTCInstant)?

    let specs = SpecCache()
    let executors = ExecutorCache()

    /// The parameter of `coalesce($n, now())`.
    var now: PostgresParameter { .instant(clock?()) }
}
