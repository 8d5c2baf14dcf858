import Glibc

/// Makes lines of the bytes that a stream brings in pieces.
///
/// A line ends with `\n` or `\r\n`. What is yielded is valid UTF-8 without NUL: invalid bytes and NUL become U+FFFD. A
/// line that is too long is broken between two characters, wherever the reads ended.
struct LineSplitter: Sendable {
    /// The longest line, in bytes; a longer one is broken into several.
    static let lineLimit = 16 * 1_024
    /// The longest line that brings a result: one that is broken would bring none.
    static let resultLineLimit = 64 * 1_024 + 32

    /// The line whose end has not come yet; one limit and a few bytes at most.
    private var pending: [UInt8] = []
    /// Whether the beginning of the present line was yielded already.
    private var isContinuing = false

    init() {}

    /// Takes what a read brought and yields the lines that end in it.
    mutating func append(_ bytes: UnsafeRawBufferPointer, _ yield: (String) -> Void) {
        var start = 0
        while start < bytes.count, let base = bytes.baseAddress,
            let end = memchr(base + start, Int32(UInt8.newline), bytes.count - start)
        {
            let length = UnsafeRawPointer(end) - (base + start)
            endLine(bytes[start..<start + length], yield)
            start += length + 1
        }
        extendLine(bytes[start...], yield)
    }

    /// Yields the last line, where the stream ended without a line break.
    mutating func finish(_ yield: (String) -> Void) {
        guard !pending.isEmpty else { return }
        let last = pending
        pending = []
        last.withUnsafeBytes { bytes in
            let rest = breakUp(bytes[...], while: { $0 > $1 }, yield)
            yield(String(repairing: rest))
        }
        isContinuing = false
    }

    private mutating func endLine(_ bytes: Slice<UnsafeRawBufferPointer>, _ yield: (String) -> Void) {
        guard pending.isEmpty else {
            extendLine(bytes, yield)
            if pending.last == .carriageReturn { pending.removeLast() }
            if pending.isEmpty { yield("") } else { finish(yield) }
            isContinuing = false
            return
        }
        let line = bytes.last == .carriageReturn ? bytes.dropLast() : bytes
        yield(String(repairing: breakUp(line, while: { $0 > $1 }, yield)))
        isContinuing = false
    }

    /// Two bytes beyond the limit show that the line is too long, whatever follows: one may belong to its end.
    private mutating func extendLine(_ bytes: Slice<UnsafeRawBufferPointer>, _ yield: (String) -> Void) {
        var bytes = bytes
        while !pending.isEmpty, !bytes.isEmpty {
            let room = max(0, limit(of: pending) + 2 - pending.count)
            pending.append(contentsOf: bytes.prefix(room))
            bytes = bytes.dropFirst(room)
            guard pending.count > limit(of: pending) + 1 else { return }
            let full = pending
            let rest = full.withUnsafeBytes { breakUp($0[...], while: { $0 > $1 + 1 }, yield).count }
            pending.removeFirst(full.count - rest)
        }
        guard !bytes.isEmpty else { return }
        pending.append(contentsOf: breakUp(bytes, while: { $0 > $1 + 1 }, yield))
    }

    /// Yields pieces of the line's limit while its rest is too long.
    ///
    /// - Returns: the rest.
    private mutating func breakUp(
        _ line: Slice<UnsafeRawBufferPointer>, while isTooLong: (_ count: Int, _ limit: Int) -> Bool,
        _ yield: (String) -> Void
    ) -> Slice<UnsafeRawBufferPointer> {
        var rest = line
        while rest.count > LineSplitter.lineLimit, isTooLong(rest.count, limit(of: rest)) {
            let piece = rest.prefix(LineSplitter.wholeCharacters(of: rest, upTo: limit(of: rest)))
            yield(String(repairing: piece))
            isContinuing = true
            rest = rest.dropFirst(piece.count)
        }
        return rest
    }

    private func limit(of line: some Collection<UInt8>) -> Int {
        !isContinuing && line.starts(with: OutputDirective.resultPrefix)
            ? LineSplitter.resultLineLimit : LineSplitter.lineLimit
    }

    /// The greatest count up to `limit` that does not cut a character, where the bytes are valid there.
    private static func wholeCharacters(of bytes: Slice<UnsafeRawBufferPointer>, upTo limit: Int) -> Int {
        for count in stride(from: limit, to: limit - 4, by: -1)
        where bytes[bytes.startIndex + count] & 0xC0 != 0x80 { return count }
        return limit
    }
}

extension UInt8 {
    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate static let carriageReturn = UInt8(ascii: "\r")
}

extension String {
    /// Text of any bytes: what is not UTF-8, and NUL, becomes U+FFFD.
    init(repairing bytes: Slice<UnsafeRawBufferPointer>) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        guard let base = bytes.baseAddress, memchr(base, 0, bytes.count) != nil else {
            self.init(decoding: bytes, as: UTF8.self)
            return
        }
        self = String(decoding: bytes, as: UTF8.self).withoutNUL
    }
}
