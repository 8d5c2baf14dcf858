/// What one stream of a process said: its beginning and its end, where it said more than is kept.
struct CapturedOutput: Sendable {
    /// How much of each stream goes into a run's result, in bytes before repair: half of it from the beginning, half from
    /// the end, since the cause of a failure stands at either.
    ///
    /// Rows stay small; the attempt's log has more.
    static let resultLimit = 64 * 1_024

    private let half: Int
    /// How many bytes the stream said altogether.
    private(set) var total = 0
    private var head: [UInt8] = []
    private var tail: [UInt8] = []

    init(limit: Int = CapturedOutput.resultLimit) { half = limit / 2 }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        total += bytes.count
        let toHead = min(half - head.count, bytes.count)
        if toHead > 0 { head.append(contentsOf: bytes[..<toHead]) }
        guard toHead < bytes.count else { return }
        tail.append(contentsOf: bytes[toHead...])
        // Trimmed only at twice its size, so that each byte is moved once.
        if tail.count > 2 * half { tail.removeFirst(tail.count - half) }
    }

    /// The text as valid UTF-8 without NUL; both are replaced by U+FFFD.
    ///
    /// - Parameter limit: the most bytes that are taken; what is cut from the middle is named in its place.
    func text(limit: Int = CapturedOutput.resultLimit) -> String {
        let kept = min(limit, 2 * half)
        guard total > kept else { return CapturedOutput.repaired(head + tail) }
        let beginning = Array(head.prefix(kept / 2))
        let end = ending(kept / 2)
        return CapturedOutput.repaired(CapturedOutput.withoutBrokenEnd(beginning))
            + "\n[… \(total - beginning.count - end.count) bytes cut …]\n"
            + CapturedOutput.repaired(CapturedOutput.withoutBrokenStart(end))
    }

    private func ending(_ count: Int) -> [UInt8] {
        tail.count >= count ? Array(tail.suffix(count)) : head.suffix(count - tail.count) + tail
    }

    private static func repaired(_ bytes: [UInt8]) -> String {
        guard bytes.contains(0) else { return String(decoding: bytes, as: UTF8.self) }
        return String(decoding: bytes.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] }, as: UTF8.self)
    }

    /// A cut through a character leaves up to three bytes that mean nothing on their own.
    private static func withoutBrokenStart(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.dropFirst(bytes.prefix(3).prefix { $0 & 0xC0 == 0x80 }.count))
    }

    private static func withoutBrokenEnd(_ bytes: [UInt8]) -> [UInt8] {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > length ? Array(bytes.dropLast(length)) : bytes
        }
        return bytes
    }
}
