/// Where a run stands in a distributed trace (W3C Trace Context), as it is kept with the run: the `traceparent`, and
/// after one blank the `tracestate` where there is one.
public struct TraceContext: Sendable, Hashable {
    public var parent: String
    public var state: String?

    /// Nil for a text that is no trace context, which must not be sent on.
    public init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let lengths = words[0].split(separator: "-", omittingEmptySubsequences: false).map(\.utf8.count)
        guard lengths.starts(with: [2, 32, 16, 2]), words[0].utf8.allSatisfy({ $0 == 0x2D || Self.isHexadecimal($0) })
        else { return nil }
        parent = String(words[0])
        guard words.count > 1, words[1].utf8.count <= 512, words[1].utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return }
        state = String(words[1])
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
