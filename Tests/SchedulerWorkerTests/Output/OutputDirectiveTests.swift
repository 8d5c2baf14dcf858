import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerWorker

@Suite("Output directives")
struct OutputDirectiveTests {
    @Test(
        "progress, result and error are understood",
        arguments: [
            ("::progress 40::", .progress(40)),
            ("::progress 140::  ", .progress(140)),
            ("::progress -1::", .progress(-1)),
            ("::result {\"rows\": 12}::", .result(["rows": 12])),
            ("::result null::", .result(nil)),
            ("::result \"a::b\"::", .result("a::b")),
            ("::result \"a\\u0000b\"::", .result("a\u{FFFD}b")),
            ("::error user::", .error(.user, nil)),
            ("::error validation::no header", .error(.validation, "no header")),
            ("::error network:: a::b ::", .error(.network, "a::b")),
            ("::error timeout::slow::", .error(.timeout, "slow")),
            ("::error system::", .error(.system, nil)),
        ] as [(String, OutputDirective)])
    func understands(line: String, directive: OutputDirective) {
        #expect(OutputDirective(line) == directive)
    }

    @Test(
        "what only resembles a directive is an ordinary line",
        arguments: [
            "", ":", "::", "plain", " ::progress 40::", "::progress 40", "::progress::", "::progress x::",
            "::progress 99999999999999999999::", "::result {::", "::result {}", "::result ::", "::error::",
            "::error other::message", "::error user", "::notice hello::", "::Progress 1::",
        ])
    func leavesOthers(line: String) {
        #expect(OutputDirective(line) == nil)
    }

    @Test("a deeply nested result is an ordinary line")
    func refusesDepth() {
        let deep = String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000)
        #expect(OutputDirective("::result \(deep)::") == nil)
    }
}
