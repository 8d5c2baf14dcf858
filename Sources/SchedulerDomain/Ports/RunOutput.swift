/// What an attempt says while it runs: lines for its log, and how far it is.
///
/// Both calls return at once, from any thread, and never fail. Bounds are the implementation's: what exceeds them is cut
/// from the log, with a mark where it is missing.
public protocol RunOutput: Sendable {
    /// Takes one line.
    ///
    /// - Parameter line: without its line break; valid UTF-8 without NUL.
    func write(_ line: String, to stream: LogStream)

    /// Notes the progress; values outside of 0–100 are moved to the nearer end.
    func progress(_ percent: Int)
}

/// Which of its voices an attempt spoke with.
public enum LogStream: String, Sendable, Codable, CaseIterable {
    case stdout
    case stderr
    /// The system itself, about the attempt: a cut, a limit that was hit.
    case system
}

/// Hears nothing.
public struct SilentOutput: RunOutput {
    public init() {}
    public func write(_ line: String, to stream: LogStream) {}
    public func progress(_ percent: Int) {}
}
