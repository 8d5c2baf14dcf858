public import SchedulerDomain
private import Synchronization

extension RunID {
    private static let counter = Mutex<UInt64>(0)

    /// An identifier of the given time that is above every one made before for the same time, in this process.
    public static func next(at instant: UTCInstant) -> RunID {
        let number = counter.withLock { number in
            number += 1
            return number
        }
        var random = CountingGenerator(number: number)
        return RunID(at: instant, random: &random)
    }
}

/// Gives the identifier's random bits: none in the high part, the number in the low one.
private struct CountingGenerator: RandomNumberGenerator {
    let number: UInt64
    private var isFirst = true

    init(number: UInt64) { self.number = number }

    mutating func next() -> UInt64 {
        defer { isFirst = false }
        return isFirst ? 0 : number
    }
}
