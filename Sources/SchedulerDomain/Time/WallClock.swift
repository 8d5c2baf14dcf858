/// What a clock on the wall shows: a date and a time of day, of no zone.
public struct WallClock: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Whole seconds since 1970-01-01T00:00:00 of the same clock.
    public let secondsSinceEpoch: Int64

    public init(secondsSinceEpoch: Int64) { self.secondsSinceEpoch = secondsSinceEpoch }

    /// What clocks with an offset, in seconds east of UTC, show at an instant.
    public init(at instant: UTCInstant, offset: Int) {
        self.init(secondsSinceEpoch: instant.secondsSinceEpoch + Int64(offset))
    }

    public var date: CivilDate { CivilDate(daysSinceEpoch: secondsSinceEpoch.floorDivided(by: 86_400)) }

    /// Seconds since midnight, 0–86,399.
    public var secondOfDay: Int {
        Int(secondsSinceEpoch - secondsSinceEpoch.floorDivided(by: 86_400) * 86_400)
    }

    /// `2026-03-29T02:30:00`.
    public var description: String {
        String(UTCInstant(secondsSinceEpoch: secondsSinceEpoch).description.dropLast())
    }

    public static func < (lhs: WallClock, rhs: WallClock) -> Bool { lhs.secondsSinceEpoch < rhs.secondsSinceEpoch }
}
