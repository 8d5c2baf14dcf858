import SchedulerDomain

/// The instant that RFC 3339 text names.
func at(_ text: String) -> UTCInstant {
    guard let instant = UTCInstant(text) else { preconditionFailure("\(text) is not an RFC 3339 time") }
    return instant
}

/// Random numbers that are always the same one: `.max` draws the highest of a range, 1 the lowest.
///
/// Not 0: drawing from a range without bias may refuse it, for ever.
struct FixedGenerator: RandomNumberGenerator {
    var value: UInt64

    mutating func next() -> UInt64 { value }
}
