import NIOCore
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// A log as server-sent events: one per line, and one at the end of the attempt.
///
/// - SeeAlso: HTML Living Standard, section 9.2.
struct LogEvents: Sendable {
    let readLog: ReadRunLog
    let query: ReadRunLog.Query
    /// No attempt had started when the reader came, who then sees the first, however soon the next follows.
    var isBeforeFirst = false
    let pace: StreamPace

    /// Sends what there is and what comes, until the attempt has ended and all of it was sent, or the end is called.
    func send(until end: StreamEnd, _ write: (ByteBuffer) async throws -> Void) async throws {
        var (query, isBeforeFirst) = (self.query, self.isBeforeFirst)
        var lastSent = ContinuousClock.now
        while !end.hasCome, !Task.isCancelled {
            let page = try await nextPage(query)
            if let page, query.attempt == nil {
                if page.attempt > 0 { query.attempt = isBeforeFirst ? 1 : page.attempt }
                isBeforeFirst = page.attempt == 0
                if let attempt = query.attempt, attempt != page.attempt { continue }
            }
            if let page, let last = page.lines.last {
                try await write(LogEvents.lines(page.lines))
                query.after = last.number
                lastSent = .now
                continue
            }
            if let page, page.hasEnded { return try await write(LogEvents.end(page)) }
            if lastSent.duration(to: .now) >= pace.keepAlive {
                try await write(ByteBuffer(string: ": keep-alive\n\n"))
                lastSent = .now
            }
            await end.wait(atMost: pace.poll)
        }
    }

    /// - Returns: nil while the store is away.
    private func nextPage(_ query: ReadRunLog.Query) async throws -> RunLogPage? {
        do {
            return try await readLog(query)
        } catch let error as SchedulerError where error.isTransient {
            return nil
        }
    }

    private static func lines(_ lines: [LogLine]) -> ByteBuffer {
        var buffer = ByteBuffer()
        for line in lines {
            buffer.writeString("id: \(line.number)\nevent: line\ndata: ")
            var writer = JSONWriter(capacity: line.text.utf8.count + 100)
            writer.value(line)
            buffer.writeBytes(writer.bytes)
            buffer.writeString("\n\n")
        }
        return buffer
    }

    private static func end(_ page: RunLogPage) -> ByteBuffer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("status", page.status.rawValue)
            writer.field("attempt", page.attempt)
        }
        return ByteBuffer(string: "event: end\ndata: \(String(decoding: writer.bytes, as: UTF8.self))\n\n")
    }
}

/// The rhythm of a stream.
struct StreamPace: Sendable, Hashable {
    /// How often the store is asked for more.
    var poll = Duration.milliseconds(500)
    /// How long a stream is silent at most.
    var keepAlive = Duration.seconds(15)
    /// How long a reader may take nothing before the connection is closed.
    var patience = Duration.seconds(30)
    /// How long, once the server stops.
    var stopPatience = Duration.seconds(1)
}
