/// Where all that is left to chance comes from: identifiers, jitter.
///
/// The system's source, unless a test replaces it for everything that a task does, child tasks included.
public struct Chance: RandomNumberGenerator, Sendable {
    /// Nil: the system's.
    @TaskLocal public static var source: (any ChanceSource)?

    private var system = SystemRandomNumberGenerator()

    public init() {}

    public mutating func next() -> UInt64 { Chance.source?.next() ?? system.next() }
}

/// A source of random bits that many tasks share.
public protocol ChanceSource: Sendable {
    func next() -> UInt64
}
