public import SchedulerDomain
import SchedulerErrors

/// Runs the task's command with `sh -c`; the arguments are the positional parameters `$1`, `$2`, ….
public struct ShellExecutor: RunExecutor, KeptExecutor {
    public let name: String
    private let processes: TaskProcess

    public init(_ processes: TaskProcess, name: String = "shell") {
        self.name = name
        self.processes = processes
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        guard let command = run.spec.command, !command.isEmpty else {
            throw SchedulerError.invalid("command", "a \(name) task needs a command")
        }
        let arguments = ["sh", "-c", command, "sh"] + run.textArguments
        return try await processes.execute(run, TaskProgram(at: "/bin/sh", arguments))
    }
}
