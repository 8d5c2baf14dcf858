/// The search for fire times in real seconds: from segment to segment of one offset, by wall clock within each.
///
/// A fixed schedule fires, for each wall-clock second that matches, at the instants that show it, as the policy for
/// overlaps says; where none does, at the first instant after the gap, if the policy for gaps says so. So a fire lies
/// either inside a segment or, for those moved out of a gap, at its first second. Two seconds of the wall clock that
/// come to one instant are one fire.
struct FireSearch {
    let calendar: CronCalendar
    let zone: ZoneRules
    let gapPolicy: GapPolicy
    let repeatPolicy: RepeatPolicy

    /// The first fire time from `lower` through `upper`; nil where there is none.
    func first(from lower: Int64, through upper: Int64) -> Int64? {
        var lower = lower
        while lower <= upper {
            let segment = zone.segment(at: lower)
            if lower == segment.start, isMovedTo(segment) { return lower }
            if let fire = first(in: segment, from: lower, through: min(upper, segment.end - 1)) { return fire }
            guard segment.end < ZoneRules.Segment.latest else { return nil }
            lower = max(segment.end, firstPossible(from: segment.end, through: upper) ?? upper + 1)
        }
        return nil
    }

    /// The last fire time from `lower` through `upper`; nil where there is none.
    func last(from lower: Int64, through upper: Int64) -> Int64? {
        var upper = upper
        while lower <= upper {
            let segment = zone.segment(at: upper)
            if let fire = last(in: segment, from: max(lower, segment.start), through: upper) { return fire }
            guard segment.start >= lower else { return nil }
            if isMovedTo(segment) { return segment.start }
            upper = min(segment.start - 1, lastPossible(from: lower, through: segment.start - 1) ?? lower - 1)
        }
        return nil
    }

    private func first(in segment: ZoneRules.Segment, from lower: Int64, through upper: Int64) -> Int64? {
        var wall = lower + segment.offset
        while let match = calendar.first(from: wall, through: upper + segment.offset) {
            guard let other = otherSegment(for: match, than: segment) else { return match - segment.offset }
            wall = max(other.wallEnd, match + 1)
        }
        return nil
    }

    private func last(in segment: ZoneRules.Segment, from lower: Int64, through upper: Int64) -> Int64? {
        var wall = upper + segment.offset
        while let match = calendar.last(from: lower + segment.offset, through: wall) {
            guard let other = otherSegment(for: match, than: segment) else { return match - segment.offset }
            wall = min(other.wallStart, match) - 1
        }
        return nil
    }

    /// The segment in which a fixed time fires instead of in `segment`, though that shows it too; nil: it fires here.
    private func otherSegment(for wall: Int64, than segment: ZoneRules.Segment) -> ZoneRules.Segment? {
        guard calendar.isFixed else { return nil }
        let span = zone.offsetRange.upperBound - zone.offsetRange.lowerBound
        let instant = wall - segment.offset
        switch repeatPolicy {
        case .both: return nil
        case .first:
            if instant - segment.start >= span { return nil }
            return zone.firstSegment(showing: wall).flatMap { $0 == segment ? nil : $0 }
        case .last:
            if segment.end - instant > span { return nil }
            return zone.lastSegment(showing: wall).flatMap { $0 == segment ? nil : $0 }
        }
    }

    /// Whether a fixed time in the gap before a segment fires at its first second.
    private func isMovedTo(_ segment: ZoneRules.Segment) -> Bool {
        gapPolicy == .runAfter && calendar.isFixed && firstMissing(before: segment, from: nil) != nil
    }

    /// The first matching second of the wall clock, at or after one, that no instant shows because of the gap before a
    /// segment.
    func firstMissing(before segment: ZoneRules.Segment, from wall: Int64?) -> Int64? {
        guard segment.start > ZoneRules.Segment.earliest else { return nil }
        let gapStart = segment.start + zone.segment(at: segment.start - 1).offset
        var lower = max(gapStart, wall ?? gapStart)
        while let match = calendar.first(from: lower, through: segment.wallStart - 1) {
            // Where offsets change twice in short time, another segment may show it or another gap have it.
            let other = zone.firstSegment(showing: match)
            if other == nil, zone.segmentAfterGap(over: match) == segment { return match }
            lower = max(other?.wallEnd ?? zone.segmentAfterGap(over: match).wallStart, match + 1)
        }
        return nil
    }

    /// No fire time from `lower` on lies before it; skips what a sparse calendar leaves empty.
    private func firstPossible(from lower: Int64, through upper: Int64) -> Int64? {
        let offsets = zone.offsetRange
        return calendar.first(from: lower + offsets.lowerBound, through: upper + offsets.upperBound)
            .map { $0 - offsets.upperBound }
    }

    /// No fire time up to `upper` lies after it.
    private func lastPossible(from lower: Int64, through upper: Int64) -> Int64? {
        let offsets = zone.offsetRange
        return calendar.last(from: lower + offsets.lowerBound, through: upper + offsets.upperBound)
            .map { $0 - offsets.lowerBound }
    }
}
