extension ZoneRules {
    /// A change of a zone's offset.
    public struct Transition: Sendable, Hashable {
        /// The first instant of the new offset.
        public let instant: UTCInstant
        /// Seconds east of UTC.
        public let offsetBefore: Int
        public let offsetAfter: Int

        /// Whether wall-clock times are left out: clocks go forward.
        public var isGap: Bool { offsetAfter > offsetBefore }

        /// The wall-clock times that it leaves out or shows twice: from the first up to, not with, the second.
        public var wallClock: Range<WallClock> {
            let second = instant.secondsSinceEpoch
            let range = isGap ? (offsetBefore, offsetAfter) : (offsetAfter, offsetBefore)
            return WallClock(
                secondsSinceEpoch: second + Int64(range.0))..<WallClock(
                    secondsSinceEpoch: second + Int64(range.1))
        }
    }

    /// Returns the first change of offset strictly after an instant; nil: never again.
    public func nextTransition(after instant: UTCInstant) -> Transition? {
        let segment = segment(at: instant.secondsSinceEpoch)
        guard segment.end < Segment.latest else { return nil }
        return transition(from: segment, to: self.segment(at: segment.end))
    }

    /// Returns the last change of offset at or before an instant; nil: there was none.
    public func previousTransition(atOrBefore instant: UTCInstant) -> Transition? {
        let segment = segment(at: instant.secondsSinceEpoch)
        guard segment.start > Segment.earliest else { return nil }
        return transition(from: self.segment(at: segment.start - 1), to: segment)
    }

    /// Returns the changes of offset of a time, in order.
    public func transitions(in range: Range<UTCInstant>) -> [Transition] {
        var transitions: [Transition] = []
        var next = previousTransition(atOrBefore: range.lowerBound).flatMap {
            $0.instant == range.lowerBound ? $0 : nil
        }
        next = next ?? nextTransition(after: range.lowerBound)
        while let transition = next, transition.instant < range.upperBound {
            transitions.append(transition)
            next = nextTransition(after: transition.instant)
        }
        return transitions
    }

    private func transition(from before: Segment, to after: Segment) -> Transition {
        Transition(
            instant: UTCInstant(secondsSinceEpoch: after.start), offsetBefore: Int(before.offset),
            offsetAfter: Int(after.offset))
    }
}
