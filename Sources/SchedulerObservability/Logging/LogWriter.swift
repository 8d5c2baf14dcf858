/// Where finished log lines go.
public protocol LogWriter: Sendable {
    /// Writes one line, its line break included, whole and apart from others.
    func write(_ line: [UInt8])
}
