import SchedulerDomain

/// The fire times of a short time, found by stepping through real time and looking at the wall clock at each step.
///
/// Says the rules for daylight saving once more, apart from the engine: every matching wall-clock time is looked up in
/// what the clock was seen to show.
struct ReferenceFires {
    let cron: ReferenceCron
    let zone: ZoneRules
    let gapPolicy: GapPolicy
    let repeatPolicy: RepeatPolicy
    /// Seconds between two steps: 1, or 60 where expression and offsets know whole minutes only.
    let step: Int64

    /// The fire times within a range of seconds, sorted.
    func fires(in range: ClosedRange<Int64>) -> [Int64] {
        let pieces = self.pieces(around: range)
        let offsets = pieces.map(\.offset)
        let margin = ((offsets.max() ?? 0) - (offsets.min() ?? 0)) + 3_600
        let watched = aligned(range.lowerBound - margin)...(range.upperBound + margin)
        var seen: [Int64: [Int64]] = [:]
        var jumps: [(over: Range<Int64>, at: Int64)] = []
        var before: Int64?
        var days = MatchingDays(cron: cron)
        var piece = 0
        for instant in stride(from: watched.lowerBound, through: watched.upperBound, by: Int64.Stride(step)) {
            while piece + 1 < pieces.count, pieces[piece + 1].from <= instant { piece += 1 }
            let wall = instant + pieces[piece].offset
            if days.match(wall) { seen[wall, default: []].append(instant) }
            if let before, before + step < wall { jumps.append(((before + step)..<wall, instant)) }
            before = wall
        }
        return Set(chosen(seen) + moved(jumps, seen, &days)).filter(range.contains).sorted()
    }

    private func chosen(_ seen: [Int64: [Int64]]) -> [Int64] {
        seen.values.flatMap { instants in
            guard cron.isFixed else { return instants }
            return switch repeatPolicy {
            case .both: instants
            case .first: Array(instants.prefix(1))
            case .last: Array(instants.suffix(1))
            }
        }
    }

    private func moved(
        _ jumps: [(over: Range<Int64>, at: Int64)], _ seen: [Int64: [Int64]], _ days: inout MatchingDays
    ) -> [Int64] {
        guard cron.isFixed, gapPolicy == .runAfter else { return [] }
        var moved: Set<Int64> = []
        var done: Set<Int64> = []
        for jump in jumps {
            for wall in stride(from: jump.over.lowerBound, to: jump.over.upperBound, by: Int64.Stride(step))
            where days.match(wall) && seen[wall] == nil && done.insert(wall).inserted {
                moved.insert(jump.at)
            }
        }
        return Array(moved)
    }

    private func pieces(around range: ClosedRange<Int64>) -> [(from: Int64, offset: Int64)] {
        let first = UTCInstant(secondsSinceEpoch: range.lowerBound - 200_000)
        let last = UTCInstant(secondsSinceEpoch: range.upperBound + 200_000)
        return [(Int64.min, Int64(zone.offset(at: first)))]
            + zone.transitions(in: first..<last).map { ($0.instant.secondsSinceEpoch, Int64($0.offsetAfter)) }
    }

    private func aligned(_ second: Int64) -> Int64 { second - (second % step + step) % step }
}

/// Tests wall-clock times against an expression; remembers the answers for the day and for each hour, minute and second.
private struct MatchingDays {
    private let cron: ReferenceCron
    private let hours: [Bool]
    private let minutes: [Bool]
    private let seconds: [Bool]
    private var day: Int64?
    private var matches = false

    init(cron: ReferenceCron) {
        self.cron = cron
        hours = (0..<24).map { cron.hour.allows(WallFields($0 * 3_600)) }
        minutes = (0..<60).map { cron.minute.allows(WallFields($0 * 60)) }
        seconds = (0..<60).map { cron.second.allows(WallFields($0)) }
    }

    mutating func match(_ wall: Int64) -> Bool {
        let second = Int((wall % 86_400 + 86_400) % 86_400)
        guard seconds[second % 60], minutes[second / 60 % 60], hours[second / 3_600] else { return false }
        let day = wall - Int64(second)
        if day != self.day {
            self.day = day
            matches = cron.matchesDay(WallFields(day))
        }
        return matches
    }
}
