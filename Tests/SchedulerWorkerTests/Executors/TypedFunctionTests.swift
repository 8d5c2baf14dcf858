import Foundation
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Functions with types of their own")
struct TypedFunctionTests {
    private struct CloseBooks: Codable, Sendable, Equatable {
        var month: String
        var accounts: [Account] = []
        var since: Date?

        struct Account: Codable, Sendable, Equatable { var number: Int }
    }

    private struct Summary: Codable, Sendable {
        var closed: Int
        var until: Date?
    }

    private let registry = FunctionRegistry()
    private var executor: FunctionExecutor { FunctionExecutor(registry) }

    private func context(_ parameters: JSONValue) -> RunContext {
        .fixture(.fixture(name: "monthly", command: nil, config: ["name": "close", "parameters": parameters]))
    }

    @Test("parameters are decoded and the result is encoded, dates as RFC 3339")
    func codable() async throws {
        registry.register("close") { (parameters: CloseBooks, _: FunctionContext) in
            #expect(parameters.month == "2026-11")
            return Summary(closed: parameters.accounts.map(\.number).reduce(0, +), until: parameters.since)
        }
        let result = try await executor.execute(
            context([
                "month": "2026-11", "accounts": [["number": 1], ["number": 2]], "since": "2026-11-01T00:00:00.5Z",
            ]))
        #expect(result.result == ["success": true, "result": ["closed": 3, "until": "2026-11-01T00:00:00.500Z"]])
    }

    @Test("a function without a result has the result null")
    func withoutResult() async throws {
        registry.register("close") { (_: CloseBooks, _: FunctionContext) in }
        #expect(
            try await executor.execute(context(["month": "x", "accounts": []])).result
                == ["success": true, "result": nil])
    }

    @Test("a plain value is a result too")
    func plain() async throws {
        registry.register("close") { (_: JSONValue, _: FunctionContext) in "done" }
        #expect(try await executor.execute(context([:])).result?["result"] == "done")
    }

    @Test(
        "parameters that do not fit are a VALIDATION_ERROR that names the field",
        arguments: [
            (["accounts": []], "config.parameters.month: is missing"),
            (["month": 1, "accounts": []], "config.parameters.month: is of another type"),
            (["month": nil, "accounts": []], "config.parameters.month: is null"),
            (["month": "x", "accounts": [["number": 1], [:]]], "config.parameters.accounts.1.number: is missing"),
            (["month": "x", "accounts": [], "since": "today"], "config.parameters.since: is no RFC 3339 time"),
            ("x", "config.parameters: is of another type"),
        ] as [(JSONValue, String)])
    func wrongParameters(parameters: JSONValue, message: String) async throws {
        registry.register("close") { (_: CloseBooks, _: FunctionContext) in Issue.record("it was called") }
        let error = try await executor.execute(context(parameters)).error
        #expect(error?.type == .validation)
        #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
    }

    @Test("the context tells the run, the fencing token, the fire time and what was waited for")
    func knows() async throws {
        var run = RunContext.fixture(
            .fixture(name: "monthly", command: nil, config: ["name": "close"]), attempt: 4)
        run.upstreams = [
            UpstreamResult(
                task: TaskID(5), taskName: "load", run: run.attempt.run, status: .completed, result: ["rows": 3])
        ]
        let expected = run
        registry.register("close") { (_: JSONValue, context: FunctionContext) in
            #expect(context.runID == expected.attempt.run)
            #expect(context.attempt == 4)
            #expect(context.fireTime == expected.scheduledAt)
            #expect(context.taskID == expected.task)
            #expect(context.taskName == "monthly")
            #expect(context.timeout == expected.timeout)
            #expect(context.upstreams == expected.upstreams)
        }
        #expect(try await executor.execute(run).success)
    }

    @Test("what it logs and how far it is are heard while it works")
    func speaks() async throws {
        let heard = HeardOutput()
        var run = context([:])
        run.output = heard
        registry.register("close") { (_: JSONValue, context: FunctionContext) in
            context.log("one\ntwo\0")
            context.progress(40)
            #expect(heard.progress == [40])
        }
        _ = try await executor.execute(run)
        #expect(heard.lines(of: .stdout) == ["one", "two\u{FFFD}"])
    }

    @Test("a thrown failure keeps its class, a fault in decoding of its own is no wrong parameter")
    func failures() async throws {
        registry.register("close") { (_: JSONValue, _: FunctionContext) in
            throw FunctionFailure(.user, "no such month")
        }
        #expect(try await executor.execute(context([:])).error == .init(.user, "no such month"))
        registry.register("close") { (_: JSONValue, _: FunctionContext) in
            _ = try JSONDecoder().decode(CloseBooks.self, from: Data("{}".utf8))
        }
        #expect(try await executor.execute(context([:])).error?.type == .system)
    }
}
