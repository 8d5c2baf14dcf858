/// A fire time as people see it: in UTC, on the zone's clock, and what is unusual about it.
public struct ShownFire: Sendable, Hashable {
    public let instant: UTCInstant
    public let local: WallClock
    /// Seconds east of UTC.
    public let offset: Int
    /// What the zone's clock calls itself: `CET`.
    public let abbreviation: String
    /// A sentence; nil where nothing is unusual.
    public let remark: String?

    /// - Parameters:
    ///   - instant: a fire time of `times`.
    ///   - previous: what is left out between it and `instant` is remarked; nil: nothing is.
    public init(_ instant: UTCInstant, of times: FireTimes, after previous: UTCInstant? = nil) {
        self.instant = instant
        offset = times.zone.offset(at: instant)
        local = WallClock(at: instant, offset: offset)
        abbreviation = times.zone.abbreviation(at: instant)
        let own = times.remark(at: instant)?.words(at: local, instant, in: times.zone)
        let leftOut = previous.flatMap { [local] in times.leftOut(after: $0, through: instant, day: local) }
        let remarks = [leftOut, own].compactMap { $0 }
        remark = remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    }

    /// RFC 3339 with the zone's offset: `2026-03-29T03:00:00+02:00`.
    public var localText: String { "\(local)\(offsetText)" }

    /// `+02:00`; with seconds where the zone's clock was that odd.
    public var offsetText: String { Phrase.offset(offset) }
}

extension Phrase {
    /// `+02:00`, `-03:30`, `+00:53:28`.
    static func offset(_ seconds: Int) -> String {
        let size = abs(seconds)
        let text = "\(seconds < 0 ? "-" : "+")\(padded(size / 3_600)):\(padded(size / 60 % 60))"
        return size % 60 == 0 ? text : "\(text):\(padded(size % 60))"
    }

    /// `02:30`; with seconds where there are some, and with the date where it is another than `day`'s.
    static func time(_ clock: WallClock, on day: WallClock) -> String {
        let second = clock.secondOfDay
        var text = "\(padded(second / 3_600)):\(padded(second / 60 % 60))"
        if second % 60 != 0 { text += ":\(padded(second % 60))" }
        return clock.date == day.date ? text : "\(clock.description.prefix(10)) \(text)"
    }
}

extension FireTimes.Remark {
    /// `02:30 does not exist on this day: clocks go forward from 02:00 to 03:00`.
    fileprivate func words(at local: WallClock, _ instant: UTCInstant, in zone: ZoneRules) -> String {
        switch self {
        case .afterGap(let missing, let more):
            let times = missing.map { Phrase.time($0, on: local) } + (more ? ["others"] : [])
            let verb = times.count == 1 ? "does not exist" : "do not exist"
            let change = zone.previousTransition(atOrBefore: instant)
            return "\(Phrase.list(times)) \(verb)" + (change.map { ": \($0.words(on: local))" } ?? "")
        case .firstPass:
            let change = zone.nextTransition(after: instant)
            return "the first of two passes of \(Phrase.time(local, on: local))"
                + (change.map { ": \($0.words(on: local))" } ?? "")
        case .secondPass:
            let change = zone.previousTransition(atOrBefore: instant)
            return "the second pass of \(Phrase.time(local, on: local))"
                + (change.map { ": \($0.words(on: local))" } ?? "")
        }
    }
}

extension ZoneRules.Transition {
    /// What clocks show as it happens, and what they show instead.
    public var clocks: (before: WallClock, after: WallClock) {
        (WallClock(at: instant, offset: offsetBefore), WallClock(at: instant, offset: offsetAfter))
    }

    /// `clocks go forward from 02:00 to 03:00`.
    ///
    /// - Parameter day: a day whose date need not be said; nil: that of the change.
    public func words(on day: WallClock? = nil) -> String {
        let (before, after) = clocks
        let day = day ?? before
        let direction = isGap ? "forward" : "back"
        return "clocks go \(direction) from \(Phrase.time(before, on: day)) to \(Phrase.time(after, on: day))"
    }
}
