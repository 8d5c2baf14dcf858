public import SchedulerDomain
import SchedulerErrors
import Synchronization

/// Runs a program that speaks JSON lines on its standard input and output (`CustomProtocol`); `command` is the program,
/// `arguments` are its arguments.
public struct CustomExecutor: RunExecutor, KeptExecutor {
    public let name: String
    private let processes: TaskProcess

    public init(_ processes: TaskProcess, name: String = "custom") {
        self.name = name
        self.processes = processes
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        guard let program = run.spec.command, !program.isEmpty else {
            throw SchedulerError.invalid("command", "a \(name) task needs a program")
        }
        let conversation = CustomConversation(run.output)
        var request = TaskProgram(program, run.textArguments)
        request.input = CustomProtocol.start(run)
        let finished = try await processes.start(run, request) { stream, line in
            conversation.take(line, from: stream)
        }
        return CustomExecutor.result(of: finished, conversation.finish())
    }

    /// A success needs both: that the program says so, and that it ends well.
    private static func result(of finished: FinishedProcess, _ ending: CustomProtocol.Ending?) -> TaskResult {
        var result = finished.result(result: nil, declared: ending?.error)
        if result.error == nil {
            result.error = ending.map(\.error) ?? TaskResult.Failure(.system, "the program ended without a result")
        }
        result.success = result.error == nil
        result.result = ["success": .bool(result.success), "result": ending?.result ?? .null]
        return result
    }
}

/// What a program has said so far: lines and progress go on at once, the last result is kept.
private final class CustomConversation: Sendable {
    private struct State {
        var reader = CustomReader()
        var ending: CustomProtocol.Ending?
    }

    private let output: any RunOutput
    private let state = Mutex(State())

    init(_ output: any RunOutput) { self.output = output }

    func take(_ line: String, from stream: LogStream) {
        guard stream == .stdout else { return output.write(line, to: stream) }
        handle(state.withLock { $0.reader.take(line) })
    }

    /// How the work ended; nil where the program did not say.
    func finish() -> CustomProtocol.Ending? {
        handle(state.withLock { $0.reader.finish() })
        return state.withLock { $0.ending }
    }

    private func handle(_ outputs: [CustomReader.Output]) {
        for item in outputs {
            switch item {
            case .line(let line): output.write(line, to: .stdout)
            case .event(.log(let stream, let lines)): for line in lines { output.write(line, to: stream) }
            case .event(.progress(let percent)): output.progress(percent)
            case .event(.result(let ending)): state.withLock { $0.ending = ending }
            }
        }
    }
}
