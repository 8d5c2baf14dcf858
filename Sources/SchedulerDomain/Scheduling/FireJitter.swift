/// How much later than its fire time a run becomes due, so that tasks of one schedule do not all start together.
///
/// The delay depends on task and fire time alone: every dispatcher computes the same, and who asks again gets the same.
public enum FireJitter {
    /// Returns when the run of a fire time becomes due: at the fire time or up to `seconds` after it, in whole
    /// milliseconds, each as likely as another.
    public static func dueTime(of fire: UTCInstant, task: TaskID, within seconds: Int) -> UTCInstant {
        guard seconds > 0 else { return fire }
        let mixed = mix(mix(UInt64(bitPattern: task.rawValue)) ^ UInt64(bitPattern: fire.microsecondsSinceEpoch))
        let milliseconds = mixed % (UInt64(seconds) * 1_000 + 1)
        return fire.advanced(by: .milliseconds(Int64(milliseconds)))
    }

    /// One step of SplitMix64: neighbouring numbers give unrelated ones.
    ///
    /// - SeeAlso: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    private static func mix(_ seed: UInt64) -> UInt64 {
        var value = seed &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
