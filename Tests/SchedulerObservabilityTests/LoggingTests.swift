import Foundation
import Glibc
import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization
import Testing

@testable import SchedulerObservability

@Suite("Log lines")
struct LoggingTests {
    private let writer = MemoryWriter()

    @Test("a line is one JSON object with time, level, service, logger, message and fields")
    func jsonLine() throws {
        var logger = jsonLogger()
        logger[metadataKey: "worker.id"] = "w1"
        logger.warning("Run r1 is late", metadata: ["duration_ms": .stringConvertible(12), "run.id": "r1"])
        #expect(
            writer.text == """
                {"timestamp":"2026-11-21T01:02:03.040Z","level":"warning","service":"scheduler-test","logger":"Test",\
                "message":"Run r1 is late","metadata":{"duration_ms":12,"run.id":"r1","worker.id":"w1"}}

                """)
    }

    @Test("fields of the call outweigh those of the logger, and these those of the context")
    func precedence() throws {
        var logger = jsonLogger(provider: Logger.MetadataProvider { ["a": "context", "b": "context", "c": "context"] })
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("x", metadata: ["c": "call"])
        #expect(try parsed()["metadata"] as? [String: String] == ["a": "context", "b": "logger", "c": "call"])
    }

    @Test("the ids of a trace stand at the top")
    func traceIDs() throws {
        jsonLogger().info("x", metadata: ["trace_id": "t", "span_id": "s"])
        let object = try parsed()
        #expect(object["trace_id"] as? String == "t")
        #expect(object["span_id"] as? String == "s")
        #expect(object["metadata"] == nil)
    }

    @Test("numbers, truth values, lists and tables keep their kind")
    func kinds() throws {
        jsonLogger().info(
            "x",
            metadata: [
                "i": .stringConvertible(7), "d": .stringConvertible(1.5), "b": .stringConvertible(true),
                "n": .stringConvertible(Double.nan), "a": ["x", .stringConvertible(1)], "t": ["k": "v"],
            ])
        #expect(
            writer.text.hasSuffix(#""metadata":{"a":["x",1],"b":true,"d":1.5,"i":7,"n":"nan","t":{"k":"v"}}}"# + "\n"))
    }

    @Test(
        "no text from outside begins a line of its own, in either form",
        arguments: ["a\nb", "a\r\nb", "\u{85}", "\u{2028}", "\u{1B}[2J", "\u{0}", "\u{202E}x", "\"", "\\", "é🙂\t"])
    func forging(text: String) throws {
        jsonLogger().info("\(text)", metadata: ["\(text)": "\(text)"])
        let object = try parsed()
        #expect(object["message"] as? String == text)
        #expect(object["metadata"] as? [String: String] == [text: text])
        prettyLogger().info("\(text)", metadata: ["\(text)": "\(text)"])
        #expect(writer.text.unicodeScalars.filter { $0 == "\n" }.count == 2)
        #expect(
            !writer.text.unicodeScalars.contains {
                ["\r", "\u{85}", "\u{2028}", "\u{1B}", "\u{0}", "\u{202E}"].contains($0)
            })
    }

    @Test("an error is told with its cause")
    func errors() throws {
        let error = SchedulerError(.database, "insert failed", context: ["sql.state": "XX000"])
        jsonLogger().error("Could not insert", error: error)
        #expect(try parsed()["error"] as? String == "database: insert failed [sql.state=XX000]")
    }

    @Test("for people: time, level, logger, message, fields in order, odd values quoted")
    func prettyLine() {
        prettyLogger().error("Run failed", metadata: ["run.id": "r1", "error": "exit code 1", "attempt.number": "2"])
        #expect(
            writer.text
                == "01:02:03.040 ERROR    Test: Run failed  attempt.number=2 error=\"exit code 1\" run.id=r1\n")
    }

    @Test("colours surround the level and the keys only")
    func colors() {
        prettyLogger(isColored: true).info("x", metadata: ["k": "v"])
        #expect(writer.text == "01:02:03.040\u{1B}[32m INFO\u{1B}[0m     Test: x\u{1B}[2m  k=\u{1B}[0mv\n")
    }

    @Test(
        "times always have milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (1_000_500, "1970-01-01T00:00:01.000Z"),
        ])
    func times(microseconds: Int64, text: String) {
        #expect(LogText.timestamp(UTCInstant(microsecondsSinceEpoch: microseconds)) == text)
    }

    private func jsonLogger(provider: Logger.MetadataProvider? = nil) -> Logger {
        Logger(label: "Test") { label in
            JSONLogHandler(
                label: label, service: "scheduler-test", level: .info, writer: writer, clock: StoppedClock(),
                metadataProvider: provider
            )
        }
    }

    private func prettyLogger(isColored: Bool = false) -> Logger {
        Logger(label: "Test") { label in
            PrettyLogHandler(label: label, level: .info, isColored: isColored, writer: writer, clock: StoppedClock())
        }
    }

    private func parsed() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(writer.text.utf8)) as? [String: Any])
    }
}

@Suite("Logging of a process")
struct LoggingSetupTests {
    @Test(
        "the level of a label is its own, else that of the nearest label above it, else the standard",
        arguments: [
            ("A", Logger.Level.debug), ("A.B", .error), ("A.B.C", .error), ("A.X", .debug), ("AB", .info), ("", .info),
        ])
    func levels(label: String, level: Logger.Level) {
        let table = LogLevelTable(standard: .info, labels: ["A": .debug, "A.B": .error])
        #expect(table.level(of: label) == level)
        let handler = LoggingSetup.handler(
            label: label, service: "s", isPretty: false, isColored: false, levels: table, writer: MemoryWriter(),
            metadataProvider: nil
        )
        #expect(handler.logLevel == level)
    }

    @Test("the form follows the terminal unless it is chosen")
    func format() {
        #expect(LoggingSetup.isPretty(.automatic, isTerminal: true))
        #expect(!LoggingSetup.isPretty(.automatic, isTerminal: false))
        #expect(LoggingSetup.isPretty(.pretty, isTerminal: false))
        #expect(!LoggingSetup.isPretty(.json, isTerminal: true))
    }

    @Test("lines of many threads, longer than a pipe takes at once, are never mixed or cut")
    func wholeLines() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let writer = StandardErrorWriter(descriptor: ends[1])
        let reader = readToEnd(of: ends[0])
        await withTaskGroup { group in
            for index in 0..<8 {
                let letter = UInt8(ascii: "a") + UInt8(index)
                group.addTask { for _ in 0..<5 { writer.write([UInt8](repeating: letter, count: 100_000) + [10]) } }
            }
        }
        close(ends[1])
        let lines = try #require(await reader.first { _ in true }).split(separator: 10)
        #expect(lines.count == 40)
        #expect(lines.allSatisfy { $0.count == 100_000 && Set($0).count == 1 })
    }

    /// Reads on a thread of its own, which runs at once: the writers may hold all of Swift's threads.
    private func readToEnd(of descriptor: Int32) -> AsyncStream<Data> {
        let (stream, continuation) = AsyncStream<Data>.makeStream()
        Thread.detachNewThread {
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            continuation.yield(file.readDataToEndOfFile())
            continuation.finish()
        }
        return stream
    }

    @Test("a reader that takes nothing loses lines, but stops nobody")
    func stuckReader() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        defer { for end in ends { close(end) } }
        let writer = StandardErrorWriter(descriptor: ends[1])
        let start = ContinuousClock.now
        writer.write([UInt8](repeating: 1, count: 1_000_000))
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}

private final class MemoryWriter: LogWriter {
    private let bytes = Mutex<[UInt8]>([])

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func write(_ line: [UInt8]) { bytes.withLock { $0 += line } }
}

private struct StoppedClock: SchedulerClock {
    let now = UTCInstant(secondsSinceEpoch: 1_795_222_923).advanced(by: .milliseconds(40))
    let minimumResolution = Duration.microseconds(1)

    func sleep(until deadline: UTCInstant, tolerance: Duration?) async throws {}
}
