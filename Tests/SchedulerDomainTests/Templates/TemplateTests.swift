import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Templates")
struct TemplateTests {
    private static let run = RunContext(
        attempt: RunAttempt(run: .next(at: VirtualClock.start), attempt: 3), tenant: .default, task: TaskID(7),
        spec: .fixture(name: "bill", arguments: ["first", 2, nil, ["a": [1]]]), scheduledAt: VirtualClock.start,
        upstreams: [
            UpstreamResult(
                task: TaskID(5), taskName: "load", run: .next(at: VirtualClock.start), status: .completed,
                result: ["rows": [["id": 9], "x"], "name": "ten % & more", "none": nil]),
            UpstreamResult(
                task: TaskID(6), taskName: "load.more", run: .next(at: VirtualClock.start), status: .completed,
                result: ["rows": 12]),
            UpstreamResult(
                task: TaskID(8), taskName: "huge", run: .next(at: VirtualClock.start), status: .completed,
                isOmitted: true),
        ],
        timeout: .seconds(60))

    private func filled(_ text: String) throws -> String {
        var filler = TemplateFiller(Self.run)
        return try filler.fill(Template(parsing: text))
    }

    @Test(
        "a place becomes its value as text",
        arguments: [
            ("{{run.attempt}} of {{ task.name }} ({{task.id}})", "3 of bill (7)"),
            ("{{run.id}}", "\(run.attempt.run)"), ("at {{fire_time}}", "at \(run.scheduledAt)"),
            ("{{arguments.0}}{{arguments.1}}{{arguments.2}}|{{arguments.3}}", #"first2|{"a":[1]}"#),
            ("{{upstream.load.rows.0.id}} {{upstream.load.rows.1}}", "9 x"), ("{{upstream.5.rows.1}}", "x"),
            ("{{upstream.load.more.rows}}", "12"), ("{{upstream.load.more}}", #"{"rows":12}"#),
            ("[{{upstream.load.none}}]", "[]"), ("no place } at }} all {", "no place } at }} all {"), ("", ""),
            ("{{{{run.id}} stays", "{{run.id}} stays"), (#"{"n":{{run.attempt}}}"#, #"{"n":3}"#),
        ])
    func fills(text: String, result: String) throws {
        #expect(try filled(text) == result)
    }

    @Test(
        "what is no template is refused by its name before anything runs",
        arguments: [
            ("{{run.uuid}}", "{{run.uuid}}"), ("{{}}", "{{}}"), ("{{upstream.}}", "{{upstream.}}"),
            ("{{arguments.x}}", "{{arguments.x}}"), ("{{arguments.-1}}", "{{arguments.-1}}"),
            ("{{arguments.}}", "{{arguments.}}"), ("a {{run.id", "not closed"),
        ])
    func unknown(text: String, named: String) {
        let fault = #expect(throws: TemplateFault.self) { try Template(parsing: text) }
        #expect(fault?.message.contains(named) == true)
    }

    @Test(
        "a value that there is not is a fault that names its place",
        arguments: [
            "arguments.4", "upstream.nobody.x", "upstream.load.rows.7", "upstream.load.name.x", "upstream.huge",
        ])
    func missing(place: String) {
        let fault = #expect(throws: TemplateFault.self) { try filled("{{\(place)}}") }
        #expect(fault?.message.contains("{{\(place)}}") == true)
    }

    @Test("in JSON a string that is one template alone takes the value's own type")
    func json() throws {
        var filler = TemplateFiller(Self.run)
        let filled = try filler.fill([
            "own": "{{upstream.load.rows}}", "number": "{{ run.attempt }}", "text": "no. {{run.attempt}}",
            "{{run.id}}": ["{{arguments.2}}", 1, true],
        ])
        #expect(
            filled == [
                "own": [["id": 9], "x"], "number": 3, "text": "no. 3", "{{run.id}}": [nil, 1, true],
            ])
    }

    @Test("a value is encoded before it is set in, the text around it is not")
    func encodes() throws {
        var filler = TemplateFiller(Self.run)
        let text = try filler.fill(Template(parsing: "a&{{upstream.load.name}}")) { "<\($0)>" }
        #expect(text == "a&<ten % & more>")
    }

    @Test("values that are too large together are refused")
    func limit() throws {
        var filler = TemplateFiller(Self.run, limit: 20)
        _ = try filler.fill(Template(parsing: "{{arguments.0}}{{arguments.0}}"))
        #expect(throws: TemplateFault.self) { try filler.fill(Template(parsing: "{{arguments.0}}, {{arguments.0}}")) }
        #expect(throws: TemplateFault.self) { try filler.fill(["{{arguments.3}}", "{{arguments.3}}"]) }
    }
}

@Suite("Trace context")
struct TraceContextTests {
    private let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("the parent alone, or with the state of vendors after it")
    func parts() {
        #expect(TraceContext(parent)?.parent == parent)
        #expect(TraceContext(parent)?.state == nil)
        #expect(TraceContext("\(parent) a=1, b=2")?.state == "a=1, b=2")
    }

    @Test(
        "what is no trace context is none, so that nobody sends it on",
        arguments: ["", "trace", "00-xyz", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"])
    func none(text: String) { #expect(TraceContext(text) == nil) }

    @Test("a state that could end a header is left out")
    func brokenState() {
        let context = TraceContext("\(parent) a=1\r\nX: y")
        #expect(context?.parent == parent)
        #expect(context?.state == nil)
    }
}
