public import SchedulerDomain
import SchedulerErrors

/// Runs a program with arguments and no shell; `command` is the program alone.
///
/// A name without a slash is looked up in the task's own `PATH`; one with a slash counts from the working directory.
public struct CommandExecutor: RunExecutor, KeptExecutor {
    public let name: String
    private let processes: TaskProcess

    public init(_ processes: TaskProcess, name: String = "command") {
        self.name = name
        self.processes = processes
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        guard let program = run.spec.command, !program.isEmpty else {
            throw SchedulerError.invalid("command", "a \(name) task needs a program")
        }
        return try await processes.execute(run, TaskProgram(program, run.textArguments))
    }
}
