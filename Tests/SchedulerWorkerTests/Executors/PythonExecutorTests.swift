import Foundation
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Python executor")
struct PythonExecutorTests {
    private func execute(
        _ command: String? = nil, config: JSONValue = [:], arguments: [JSONValue] = [],
        change: (inout RunContext) -> Void = { _ in }
    ) async throws -> TaskResult {
        var run = RunContext.fixture(
            .fixture(
                taskType: "python", executor: "python", command: command, arguments: arguments, config: config))
        change(&run)
        return try await ProcessExecutors().python.execute(run)
    }

    @Test("an inline script runs, from command or from config, with its arguments")
    func inline() async throws {
        let script = "import sys\nprint(sys.argv[1:], __name__)"
        let inConfig: JSONValue = ["script": .string(script)]
        for (command, config) in [(script, JSONValue.object([:])), (nil, inConfig)] {
            let result = try await execute(command, config: config, arguments: ["a b", 2])
            #expect(result.stdout == "['a b', '2'] __main__\n")
            #expect(result.exitCode == 0)
        }
    }

    @Test("a script may be longer than an argument of a program")
    func long() async throws {
        let script = "total = 0\n" + String(repeating: "total += 1\n", count: 30_000) + "print(total)"
        #expect(try await execute(script).stdout == "30000\n")
    }

    @Test("a file runs in the working directory, and finds its modules beside it")
    func file() async throws {
        let folder = try TemporaryFolder()
        try "WORD = 'found'".write(toFile: folder.file("beside.py"), atomically: true, encoding: .utf8)
        try "import os, beside\nprint(beside.WORD, os.getcwd())"
            .write(toFile: folder.file("job.py"), atomically: true, encoding: .utf8)
        let result = try await execute(config: ["file": "job.py"]) { $0.spec.workingDirectory = folder.path }
        #expect(result.stdout == "found \(folder.path)\n")
        let inline = try await execute("import beside; print(beside.WORD)") { $0.spec.workingDirectory = folder.path }
        #expect(inline.stdout == "found\n")
    }

    @Test("an interpreter is chosen by name or by the folder of a virtual environment")
    func interpreter() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("bin"), withIntermediateDirectories: true)
        try "#!/bin/sh\nshift\necho environment: $1\n"
            .write(toFile: folder.file("bin/python"), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file("bin/python"))
        let result = try await execute(config: ["file": "job.py", "venv": .string(folder.path)], arguments: ["x"])
        #expect(result.stdout == "environment: x\n")
        let named = try await execute(
            config: ["file": "job.py", "interpreter": .string(folder.file("bin/python"))], arguments: ["y"])
        #expect(named.stdout == "environment: y\n")
    }

    @Test("an interpreter that does not exist is a VALIDATION_ERROR")
    func noInterpreter() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await execute("1", config: ["interpreter": "python-of-nowhere"])
        }
        #expect(error?.code == .validation)
    }

    @Test("lines are heard as they are written, directives are obeyed")
    func unbuffered() async throws {
        let folder = try TemporaryFolder()
        let heard = HeardOutput()
        // The script waits for the file, which comes only when its line was heard.
        let script = """
            import os, sys, time
            print("::progress 40::")
            print("first")
            while not os.path.exists(sys.argv[1]): time.sleep(0.01)
            print('::result {"rows": 2}::')
            """
        async let result = execute(script, arguments: [.string(folder.file("go"))]) { $0.output = heard }
        try await eventually("the line was heard") { heard.lines(of: .stdout) == ["first"] }
        #expect(heard.progress == [40])
        try "".write(toFile: folder.file("go"), atomically: true, encoding: .utf8)
        #expect(try await result.result == ["rows": 2])
    }

    @Test("a traceback becomes the stack, its last line the message")
    func traceback() async throws {
        let result = try await execute("def close():\n    raise ValueError('no month')\n\nclose()")
        #expect(result.exitCode == 1)
        #expect(result.error?.type == .system)
        #expect(result.error?.message == "ValueError: no month")
        let stack = try #require(result.error?.stack)
        #expect(stack.hasPrefix("Traceback (most recent call last):\n"))
        #expect(stack.contains("line 2, in close\n    raise ValueError('no month')"))
        #expect(stack.hasSuffix("\nValueError: no month"))
    }

    @Test("a class that the script declares stays, and gets the stack")
    func declared() async throws {
        let result = try await execute("print('::error user::bad input::')\nraise ValueError('x')")
        #expect(result.error?.type == .user)
        #expect(result.error?.message == "bad input")
        #expect(result.error?.stack?.hasSuffix("ValueError: x") == true)
    }

    @Test("an exit code without an exception is told as such")
    func exit() async throws {
        let result = try await execute("import sys; sys.exit(3)")
        #expect(result.error == .init(.system, "exited with 3"))
        #expect(result.exitCode == 3)
    }
}

@Suite("Tracebacks")
struct PythonTracebackTests {
    private let plain = """
        Traceback (most recent call last):
          File "a.py", line 1, in <module>
            f()
        KeyError: 'x'
        """

    @Test("lines before and after it do not belong to it")
    func around() {
        let found = PythonTraceback(in: "warning: x\n\(plain)\n")
        #expect(found?.text == plain)
        #expect(found?.summary == "KeyError: 'x'")
    }

    @Test("a message of several lines is named by its first")
    func severalLines() {
        let found = PythonTraceback(in: "\(plain)\nand more\n")
        #expect(found?.summary == "KeyError: 'x'")
        #expect(found?.text.hasSuffix("and more") == true)
    }

    @Test("exceptions that led to the last one are part of it, one that was only printed before is not")
    func chained() {
        let link = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
        let last = plain.replacingOccurrences(of: "KeyError: 'x'", with: "ValueError: y")
        let found = PythonTraceback(in: "\(plain)\nhandled\n\(plain)\(link)\(last)\n")
        #expect(found?.text == "\(plain)\(link)\(last)")
        #expect(found?.summary == "ValueError: y")
    }

    @Test("a file that cannot be parsed has no heading")
    func syntaxError() {
        let text = "  File \"a.py\", line 1\n    def\n       ^\nSyntaxError: invalid syntax"
        let found = PythonTraceback(in: "note\n\(text)\n")
        #expect(found?.text == text)
        #expect(found?.summary == "SyntaxError: invalid syntax")
    }

    @Test("a group of exceptions is named by its last line")
    func group() {
        let text = """
              + Exception Group Traceback (most recent call last):
              |   File "a.py", line 1, in <module>
              | ExceptionGroup: two (2 sub-exceptions)
            """
        #expect(PythonTraceback(in: text)?.summary == "| ExceptionGroup: two (2 sub-exceptions)")
    }

    @Test("other text holds none", arguments: ["", "error: x", "Traceback (most recent call last):\n"])
    func none(text: String) { #expect(PythonTraceback(in: text) == nil) }
}
