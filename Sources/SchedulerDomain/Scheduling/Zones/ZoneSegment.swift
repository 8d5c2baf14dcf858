extension ZoneRules {
    /// A time through which a zone's offset stays the same, in seconds: from `start` up to, not with, `end`.
    struct Segment: Sendable, Hashable {
        let start: Int64
        let end: Int64
        let offset: Int64

        /// Stand for "always before" and "for ever"; far enough from the ends of `Int64` to add offsets to.
        static let earliest: Int64 = -(1 << 60)
        static let latest: Int64 = 1 << 60

        /// The first wall-clock second that it shows.
        var wallStart: Int64 { start + offset }
        /// The first wall-clock second that it does not show any more.
        var wallEnd: Int64 { end + offset }

        func shows(_ wall: Int64) -> Bool { wall >= wallStart && wall < wallEnd }
    }
}

/// Which instants show a wall-clock second: usually one, inside a gap none, in an overlap two.
extension ZoneRules {
    /// The first segment that shows the second; nil: it lies in a gap.
    func firstSegment(showing wall: Int64) -> Segment? {
        var segment = segment(at: wall - offsetRange.upperBound)
        while !segment.shows(wall) {
            guard segment.end <= wall - offsetRange.lowerBound else { return nil }
            segment = self.segment(at: segment.end)
        }
        return segment
    }

    /// The last segment that shows the second; nil: it lies in a gap.
    func lastSegment(showing wall: Int64) -> Segment? {
        var segment = segment(at: wall - offsetRange.lowerBound)
        while !segment.shows(wall) {
            guard segment.start > wall - offsetRange.upperBound else { return nil }
            segment = self.segment(at: segment.start - 1)
        }
        return segment
    }

    /// The first segment that begins with a later second than `wall`, which no segment shows.
    func segmentAfterGap(over wall: Int64) -> Segment {
        var segment = segment(at: wall - offsetRange.upperBound)
        while segment.wallEnd <= wall { segment = self.segment(at: segment.end) }
        return segment
    }
}
