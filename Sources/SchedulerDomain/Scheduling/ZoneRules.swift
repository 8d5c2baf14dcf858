private import Foundation
internal import SchedulerErrors

/// The offsets of one IANA time zone.
///
/// Rules come from Foundation for now, that is, from the toolchain's release.
public struct ZoneRules: Sendable, Hashable {
    public let name: String
    private let zone: TimeZone

    /// - Throws: `validation` for a name that the rules do not know.
    public init(_ name: String) throws {
        // Foundation also takes abbreviations and GMT offsets; only IANA names are ours.
        guard let zone = TimeZone(identifier: name),
            name == "UTC" || name.contains("/") || ZoneRules.known.contains(name)
        else {
            throw SchedulerError.invalid(
                "timezone", "\"\(name)\" is not a known IANA time zone, for example Europe/Berlin")
        }
        self.name = name
        self.zone = zone
    }

    /// Seconds east of UTC at an instant.
    func offset(at seconds: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds))))
    }

    /// The first second after `seconds` at which another offset may hold; nil: never again.
    func nextTransition(after seconds: Int64) -> Int64? {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        guard let next = zone.nextDaylightSavingTimeTransition(after: date) else { return nil }
        let second = Int64(next.timeIntervalSince1970.rounded())
        return second > seconds ? second : nil
    }

    private static let known = Set(TimeZone.knownTimeZoneIdentifiers)
}
