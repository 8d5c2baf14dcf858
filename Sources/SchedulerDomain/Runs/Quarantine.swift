/// What is told of a run that three workers were lost with: it is not tried again, since it may be what takes them down.
public enum Quarantine {
    /// How many of the last lines of its output are told.
    public static let lines = 10
    /// The most characters of each.
    private static let width = 150

    /// The sentence in the run's error and in its dead letter.
    ///
    /// - Parameter lastLines: the end of what the latest attempt that said anything has said, as far as the store has it.
    public static func message(crashes: Int, lastLines: [LogLine]) -> String {
        let said = lastLines.suffix(lines).map { line in
            line.text.count > width ? line.text.prefix(width) + "…" : line.text
        }
        let reason = "QUARANTINED: \(crashes) workers were lost while they ran it"
        return said.isEmpty
            ? reason + "; it had written nothing"
            : reason + "; the last lines of its output:\n" + said.joined(separator: "\n")
    }
}
