import SchedulerDomain
import SchedulerErrors

/// The lines of a chunk as one text, the same in both dialects: stream, microseconds since the first line, text.
///
/// ```
/// o0 hello
/// e1500 a warning
/// ```
enum LogBody {
    static func text(of chunk: LogChunk) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(chunk.lines.reduce(0) { $0 + $1.text.utf8.count + 10 })
        for line in chunk.lines {
            if !bytes.isEmpty { bytes.append(newline) }
            bytes.append(letter(of: line.stream))
            bytes.append(contentsOf: String(chunk.startedAt.duration(to: line.time).microseconds).utf8)
            bytes.append(space)
            bytes.append(contentsOf: line.text.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Throws: `database` where the text is none of ours.
    static func lines(_ text: String, from first: Int, startedAt: UTCInstant) throws -> [LogLine] {
        try text.utf8.split(separator: newline, omittingEmptySubsequences: false).enumerated().map { offset, line in
            guard let stream = line.first.flatMap(stream), let end = line.firstIndex(of: space),
                let microseconds = Int64(Substring(line[line.index(after: line.startIndex)..<end]))
            else {
                throw SchedulerError(
                    .database, "line \(first + offset) of a log cannot be read; it was changed by hand or is damaged")
            }
            return LogLine(
                number: first + offset, time: startedAt.advanced(by: .microseconds(microseconds)), stream: stream,
                text: String(Substring(line[line.index(after: end)...])))
        }
    }

    /// The lines for who can do without: none where the text is none of ours.
    static func readableLines(_ text: String, from first: Int, startedAt: UTCInstant) -> [LogLine] {
        (try? lines(text, from: first, startedAt: startedAt)) ?? []
    }

    private static let newline = UInt8(ascii: "\n")
    private static let space = UInt8(ascii: " ")

    private static func letter(of stream: LogStream) -> UInt8 {
        switch stream {
        case .stdout: UInt8(ascii: "o")
        case .stderr: UInt8(ascii: "e")
        case .system: UInt8(ascii: "s")
        }
    }

    private static func stream(of letter: UInt8) -> LogStream? {
        LogStream.allCases.first { self.letter(of: $0) == letter }
    }
}
