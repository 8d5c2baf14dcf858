import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerWorker

@Suite("What a process says")
struct OutputTests {
    private let output = HeardOutput()

    private func run(_ command: String, _ change: (inout TaskSpec) -> Void = { _ in }) async throws -> TaskResult {
        var context = RunContext.shell(command, change)
        context.output = output
        return try await ProcessExecutors().shell.execute(context)
    }

    @Test("each line reaches the log with its stream, while the task runs")
    func lines() async throws {
        let folder = try TemporaryFolder()
        let work = Task {
            try await run(
                "echo one; echo two >&2; printf 'th'; while [ ! -e '\(folder.file("go"))' ]; do sleep 0.01; done; printf 'ree'"
            )
        }
        try await eventually("the first lines are there") { output.lines.count == 2 }
        #expect(Set(output.lines.map(\.text)) == ["one", "two"])
        #expect(output.lines.first { $0.text == "two" }?.stream == .stderr)
        _ = try await ProcessExecutors().shell.execute(.shell(": > '\(folder.file("go"))'"))
        _ = try await work.value
        #expect(output.lines.last == .init(stream: .stdout, text: "three"))
    }

    @Test("progress goes on at once, the last result is the attempt's, and neither is a line of the log")
    func directives() async throws {
        let result = try await run(
            #"echo begin; echo '::progress 40::'; echo '::result {"rows": 1}::'; echo '::result {"rows": 2}::'"#)
        #expect(output.progress == [40])
        #expect(result.result == ["rows": 2])
        #expect(output.lines == [.init(stream: .stdout, text: "begin")])
    }

    @Test("a task that says its failure is the user's is a USER_ERROR with its words")
    func userError() async throws {
        let result = try await run("echo '::error user::the input has no header::'; exit 3")
        #expect(result.error == TaskResult.Failure(.user, "the input has no header"))
        #expect(result.exitCode == 3)
    }

    @Test("a task that ends well has not failed, whatever class it named")
    func errorWithoutFailure() async throws {
        #expect(try await run("echo '::error user::never mind::'").error == nil)
    }

    @Test("binary output becomes valid text without NUL, line by line")
    func binary() async throws {
        _ = try await run(#"printf 'a\377b\000c\nd\n'"#)
        #expect(output.lines.map(\.text) == ["a\u{FFFD}b\u{FFFD}c", "d"])
    }

    @Test("100 MB of output in a burst are read to the end; beginning and end are kept, and the cut is marked")
    func flood() async throws {
        var context = RunContext.shell("echo first; yes 0123456789abcdef | head -c 100000000; echo last")
        context.output = SilentOutput()
        let result = try await ProcessExecutors().shell.execute(context)
        #expect(result.success)
        #expect(result.stdout.hasPrefix("first\n") && result.stdout.hasSuffix("last\n"))
        #expect(result.stdout.contains("bytes cut"))
        #expect(result.stdout.utf8.count < CapturedOutput.resultLimit + 100)
    }

    @Test("max_output_bytes also bounds what the result keeps")
    func limited() async throws {
        let result = try await run("yes | head -c 50000") { $0.limits = ResourceLimits(maxOutputBytes: 2_000) }
        #expect(result.stdout.utf8.count < 2_100)
        #expect(result.stdout.contains("[… 48000 bytes cut …]"))
    }
}
