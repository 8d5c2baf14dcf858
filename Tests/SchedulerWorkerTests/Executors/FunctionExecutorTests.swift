import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Function executor")
struct FunctionExecutorTests {
    private let registry = FunctionRegistry.withBuiltIns(appends: true)
    private var executor: FunctionExecutor { FunctionExecutor(registry) }

    private func context(_ config: JSONValue, arguments: [JSONValue] = [], command: String? = nil) -> RunContext {
        .fixture(.fixture(command: command, arguments: arguments, config: config))
    }

    @Test("noop does nothing and succeeds", arguments: ["name", "functionName"])
    func noop(field: String) async throws {
        let result = try await executor.execute(context(.object([field: "noop"])))
        #expect(result.success)
        #expect(result.result == ["success": true, "result": nil])
    }

    @Test("a task without config names its function in command")
    func byCommand() async throws {
        #expect(try await executor.execute(context([:], command: "noop")).success)
    }

    @Test("append writes one line with run and attempt")
    func append() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("lines")
        let run = context(["name": "append", "parameters": ["path": .string(file)]])
        for _ in 0..<2 { #expect(try await executor.execute(run).success) }
        #expect(TemporaryFolder.lines(of: file) == Array(repeating: "\(run.attempt.run) 1", count: 2))
    }

    @Test("append without a path is a VALIDATION_ERROR")
    func appendWithoutPath() async throws {
        #expect(try await executor.execute(context(["name": "append"])).error?.type == .validation)
    }

    @Test("an unknown function is a VALIDATION_ERROR that names it")
    func unknown() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executor.execute(context(["name": "sweep", "modulePath": "jobs"]))
        }
        #expect(error?.code == .validation)
        #expect(error?.message.contains("jobs.sweep") == true)
    }

    @Test("modulePath is the name's prefix")
    func modulePath() async throws {
        registry.register("jobs.sweep") { _ in "swept" }
        let result = try await executor.execute(context(["functionName": "sweep", "modulePath": "jobs"]))
        #expect(result.result == ["success": true, "result": "swept"])
    }

    @Test("a run's first argument overrides parameters")
    func overrides() async throws {
        registry.register("echo") { $0.parameters }
        let config: JSONValue = ["name": "echo", "parameters": ["a": 1, "b": 2]]
        #expect(try await executor.execute(context(config)).result?["result"] == ["a": 1, "b": 2])
        #expect(
            try await executor.execute(context(config, arguments: [["b": 3]])).result?["result"] == ["a": 1, "b": 3])
        #expect(try await executor.execute(context(config, arguments: ["x"])).result?["result"] == "x")
    }

    @Test("a thrown failure keeps its class, other errors are SYSTEM_ERROR")
    func failures() async throws {
        struct Broken: Error {}
        registry.register("user") { _ in throw FunctionFailure(.user, "no such customer") }
        registry.register("broken") { _ in throw Broken() }
        let user = try await executor.execute(context(["name": "user"]))
        #expect(user.error == TaskResult.Failure(.user, "no such customer"))
        #expect(user.result == ["success": false, "result": nil])
        #expect(try await executor.execute(context(["name": "broken"])).error?.type == .system)
    }

    @Test("NUL in what a function returns is replaced")
    func withoutNUL() async throws {
        registry.register("nul") { _ in ["a\0": ["b\0c"]] }
        #expect(try await executor.execute(context(["name": "nul"])).result?["result"] == ["a\u{FFFD}": ["b\u{FFFD}c"]])
    }

    @Test("cancelling reaches the function")
    func cancels() async throws {
        registry.register("wait") { _ in
            try await Task.sleep(for: .seconds(60))
            return .null
        }
        let run = context(["name": "wait"])
        let work = Task { try await executor.execute(run) }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
    }
}

@Suite("Executor registry")
struct DefaultExecutorRegistryTests {
    @Test("the factory makes every executor under its names")
    func factory() {
        let registry = ExecutorFactory().makeRegistry()
        #expect(registry.names == ["bash", "command", "custom", "function", "http", "python", "shell", "webhook"])
        for name in registry.names { #expect(registry.executor(named: name)?.name == name) }
        #expect(registry.executor(named: "lua") == nil)
    }

    @Test("a replaced executor serves the next run")
    func replace() async throws {
        let registry = DefaultExecutorRegistry([FunctionExecutor(FunctionRegistry())])
        registry.register(FunctionExecutor(.withBuiltIns()))
        let result = try await registry.executor(named: "function")?.execute(.fixture(.fixture()))
        #expect(result?.success == true)
    }

    @Test("a run under way finishes on the executor that it started on, though that was replaced meanwhile")
    func replaceUnderWay() async throws {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (open, go) = AsyncStream<Void>.makeStream()
        let old = FunctionRegistry()
        old.register("which") { _ in
            begin.yield()
            for await _ in open { break }
            return "old"
        }
        let new = FunctionRegistry()
        new.register("which") { _ in "new" }
        let registry = DefaultExecutorRegistry([FunctionExecutor(old)])
        let context = RunContext.fixture(.fixture(config: ["name": "which"]))
        let executor = try #require(registry.executor(named: "function"))
        let underWay = Task { try await executor.execute(context) }
        for await _ in begun { break }
        registry.register(FunctionExecutor(new))
        #expect(registry.names == ["function"])
        let next = try await registry.executor(named: "function")?.execute(context)
        #expect(next?.result?["result"] == "new")
        go.yield()
        #expect(try await underWay.value.result?["result"] == "old")
    }
}
