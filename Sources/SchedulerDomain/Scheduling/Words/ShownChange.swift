/// A change of a zone's offset as people see it, and what it means for a schedule.
public struct ShownChange: Sendable, Hashable {
    public let transition: ZoneRules.Transition
    /// `clocks go forward from 02:00 to 03:00; 02:30 is left out`.
    public let words: String

    /// - Parameter transition: a change of the zone of `times`.
    public init(_ transition: ZoneRules.Transition, of times: FireTimes) {
        self.transition = transition
        let leftOut = times.timesLeftOut(by: transition, day: transition.clocks.before)
        words = [transition.words(), leftOut].compactMap { $0 }.joined(separator: "; ")
    }
}
