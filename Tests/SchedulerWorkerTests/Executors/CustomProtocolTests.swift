import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Protocol of custom programs")
struct CustomProtocolTests {
    @Test("the start tells all that the program may know, in one line")
    func start() throws {
        var run = RunContext.fixture(
            .fixture(name: "import", arguments: ["a", 2], config: ["text": "two\nlines"]), attempt: 3)
        run.traceContext = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 a=b"
        run.upstreams = [
            UpstreamResult(
                task: TaskID(5), taskName: "load", run: run.attempt.run, status: .completed, result: ["rows": 1])
        ]
        let text = String(decoding: CustomProtocol.start(run), as: UTF8.self)
        #expect(text.hasSuffix("}\n"))
        #expect(text.filter { $0 == "\n" }.count == 1)
        #expect(
            try JSONValue(parsing: text) == [
                "type": "start", "protocol": 1, "run_id": .string("\(run.attempt.run)"), "attempt": 3,
                "fire_time": .string("\(run.scheduledAt)"), "task": ["id": 1, "name": "import"],
                "config": ["text": "two\nlines"], "arguments": ["a", 2], "timeout_seconds": 60,
                "upstream": .array(run.upstreams.map(\.json)),
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=b",
            ])
    }

    @Test(
        "messages are read",
        arguments: [
            (#"{"type":"log","message":"a\nb"}"#, .log(.stdout, ["a", "b"])),
            (#"{"type":"log","message":"x","stream":"stderr"}"#, .log(.stderr, ["x"])),
            (#"{"type":"log","message":"a\u0000"}"#, .log(.stdout, ["a\u{FFFD}"])),
            (#"{"type":"progress","percent":40}"#, .progress(40)),
            (#"{"type":"progress","percent":12.7}"#, .progress(12)),
            (
                #"{"type":"result","success":true,"result":[1]}"#,
                .result(.init(success: true, result: [1], error: nil))
            ),
            (#"{"type":"result","success":true}"#, .result(.init(success: true, result: .null, error: nil))),
            (
                #"{"type":"result","success":false,"error":{"type":"USER_ERROR","message":"m","stack":"s"}}"#,
                .result(.init(success: false, result: .null, error: .init(.user, "m", stack: "s")))
            ),
            (
                #"{"type":"result","success":false,"result":1,"error":{"type":"network"}}"#,
                .result(
                    .init(success: false, result: 1, error: .init(.network, "the program says that it failed")))
            ),
            (
                #"{"type":"result","success":false}"#,
                .result(
                    .init(success: false, result: .null, error: .init(.system, "the program says that it failed")))
            ),
        ] as [(String, CustomProtocol.Event)])
    func events(line: String, event: CustomProtocol.Event) {
        #expect(CustomProtocol.event(line) == event)
    }

    @Test(
        "anything else is no message",
        arguments: [
            "", "hello", "[1]", "{", #"{"type":"log"}"#, #"{"type":"progress","percent":"4"}"#,
            #"{"type":"result","success":"yes"}"#, #"{"type":"metric"}"#, #"{"message":"x"}"#,
        ])
    func others(line: String) {
        #expect(CustomProtocol.event(line) == nil)
        var reader = CustomReader()
        #expect(reader.take(line) == [.line(line)])
        #expect(reader.finish() == [])
    }

    /// As the splitter breaks a long line.
    private func pieces(of line: String) -> [String] {
        var splitter = LineSplitter()
        var pieces: [String] = []
        Array((line + "\n").utf8).withUnsafeBytes { splitter.append($0) { pieces.append($0) } }
        return pieces
    }

    @Test("a message that is longer than a line of the log is put together again")
    func longMessage() {
        let text = String(repeating: "é€", count: 20_000)
        let pieces = pieces(of: #"{"type":"result","success":true,"result":"\#(text)"}"#)
        #expect(pieces.count > 3)
        var reader = CustomReader()
        #expect(
            pieces.flatMap { reader.take($0) }
                == [.event(.result(.init(success: true, result: .string(text), error: nil)))])
    }

    @Test("what only looks like the beginning of one is given back whole")
    func longLine() {
        let long = pieces(of: "{" + String(repeating: "x", count: 40_000))
        var reader = CustomReader()
        #expect(long.flatMap { reader.take($0) } == long.map { .line($0) })
        var cut = CustomReader()
        #expect(cut.take(long[0]) == [])
        #expect(cut.finish() == [.line(long[0])])
    }

    @Test("a message beyond the limit is given back in pieces, and none of it is kept")
    func tooLong() {
        let piece = String(repeating: "x", count: LineSplitter.lineLimit)
        var reader = CustomReader()
        var given = 0
        _ = reader.take("{" + piece.dropLast())
        for _ in 0..<200 { given += reader.take(piece).count }
        #expect(given > 130)
    }
}
