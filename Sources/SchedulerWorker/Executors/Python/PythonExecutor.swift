import SchedulerApplication
public import SchedulerDomain
import SchedulerErrors

/// Runs a Python script, inline or from a file; the arguments are `sys.argv[1:]`.
///
/// `config` is `{"script" or "file", "interpreter" or "venv"}`; an inline script may stand in `command` instead. Output
/// is unbuffered, so that lines arrive as they are written. The traceback of an exception that nobody caught becomes
/// the error's stack, its last line the message.
public struct PythonExecutor: RunExecutor, KeptExecutor {
    /// Runs the script that is its standard input; under this name a traceback finds the script's lines again.
    ///
    /// A script of any size fits, nothing lies on a disk, and modules are found from the working directory, as with
    /// `python -c`.
    private static let inlineRunner =
        #"import sys; sys.argv[0] = "/dev/stdin"; exec(compile(sys.stdin.buffer.read(), "/dev/stdin", "exec"))"#

    public let name: String
    private let processes: TaskProcess

    public init(_ processes: TaskProcess, name: String = "python") {
        self.name = name
        self.processes = processes
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        let call = try PythonCall(run.spec)
        var program = TaskProgram(call.interpreter, ["-c", PythonExecutor.inlineRunner] + run.textArguments)
        switch call.source {
        case .inline(let script): program.input = Array(script.utf8)
        case .file(let path): program.arguments = [call.interpreter, path] + run.textArguments
        }
        if run.spec.environment["PYTHONUNBUFFERED"] == nil { program.environment["PYTHONUNBUFFERED"] = "1" }
        let notes = OutputNotes(run.output)
        let finished = try await processes.start(run, program) { stream, line in notes.take(line, from: stream) }
        return finished.result(
            result: notes.result, declared: PythonExecutor.failure(of: finished, declared: notes.error))
    }

    /// What the task says about its failure itself comes first; where it says nothing, its traceback speaks.
    private static func failure(of finished: FinishedProcess, declared: TaskResult.Failure?) -> TaskResult.Failure? {
        guard finished.outcome.ending == .exited(1), !finished.outcome.wasStopped,
            let traceback = PythonTraceback(in: finished.outcome.standardError.text())
        else { return declared }
        var failure = declared ?? TaskResult.Failure(.system, "")
        if failure.message.isEmpty { failure.message = traceback.summary }
        failure.stack = traceback.text
        return failure
    }
}
