/// A point of wall-clock time in microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Microseconds because that is what both stores keep; the range is ±290,000 years.
public struct UTCInstant: InstantProtocol, Hashable, Sendable {
    public typealias Duration = Swift.Duration

    public let microsecondsSinceEpoch: Int64

    public init(microsecondsSinceEpoch: Int64) { self.microsecondsSinceEpoch = microsecondsSinceEpoch }

    public init(secondsSinceEpoch: Int64) { self.init(microsecondsSinceEpoch: secondsSinceEpoch * 1_000_000) }

    public static let epoch = UTCInstant(microsecondsSinceEpoch: 0)
    /// Earlier than every time that a store keeps.
    public static let distantPast = UTCInstant(secondsSinceEpoch: -62_135_596_800)
    /// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
    public static let distantFuture = UTCInstant(secondsSinceEpoch: 253_402_300_799)

    /// Whole seconds since the epoch, rounded down.
    public var secondsSinceEpoch: Int64 {
        let (quotient, remainder) = microsecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Whole milliseconds since the epoch, rounded towards zero.
    public var millisecondsSinceEpoch: Int64 { microsecondsSinceEpoch / 1_000 }

    public func advanced(by duration: Swift.Duration) -> UTCInstant {
        UTCInstant(microsecondsSinceEpoch: microsecondsSinceEpoch + duration.microseconds)
    }

    public func duration(to other: UTCInstant) -> Swift.Duration {
        .microseconds(other.microsecondsSinceEpoch - microsecondsSinceEpoch)
    }

    public static func < (lhs: UTCInstant, rhs: UTCInstant) -> Bool {
        lhs.microsecondsSinceEpoch < rhs.microsecondsSinceEpoch
    }
}

extension Swift.Duration {
    /// The length in whole microseconds, rounded towards zero.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// The length in whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 { microseconds / 1_000 }

    /// The length in seconds.
    public var inSeconds: Double { Double(microseconds) / 1_000_000 }
}
