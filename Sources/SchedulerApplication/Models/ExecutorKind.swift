import SchedulerDomain
import SchedulerErrors

/// What an executor's name says about the rest of the task: the queue it goes to, and what it must be given.
enum ExecutorKind: Sendable, Hashable {
    /// `sh -c command`; also called bash.
    case shell
    /// A program with arguments.
    case command
    /// An HTTP call; also called webhook.
    case http
    /// A Python script, inline or in a file.
    case python
    /// A Swift function by name.
    case function
    /// An external program that speaks JSON lines.
    case custom
    /// Anything else: what it needs is known to its plug-in alone.
    case other

    init(_ executor: String) {
        self =
            switch executor {
            case "shell", "bash": .shell
            case "command": .command
            case "http", "webhook": .http
            case "python": .python
            case "function": .function
            case "custom": .custom
            default: .other
            }
    }

    /// The queue that goes with it; nil where it is called as the executor.
    var taskType: String? {
        switch self {
        case .shell: "shell"
        case .command: "command"
        case .http: "http"
        case .python: "python"
        case .function: "function"
        case .custom: "custom"
        case .other: nil
        }
    }

    /// Returns what is wrong with the command and configuration of a task for such an executor.
    func faults(of spec: TaskSpec) -> [SchedulerError.FieldFault] {
        switch self {
        case .shell, .command, .custom:
            guard let command = spec.command, command.contains(where: { !$0.isWhitespace }) else {
                return [.init(field: "command", message: "is missing; executor \"\(spec.executor)\" needs it")]
            }
            return []
        case .http: return faults { () throws(SchedulerError) in _ = try HTTPCall(spec) }
        case .python: return faults { () throws(SchedulerError) in _ = try PythonCall(spec) }
        case .function: return functionFaults(of: spec)
        case .other: return []
        }
    }

    /// The faults that reading the configuration as the worker does would end with.
    private func faults(_ read: () throws(SchedulerError) -> Void) -> [SchedulerError.FieldFault] {
        do throws(SchedulerError) {
            try read()
            return []
        } catch {
            return error.faults
        }
    }

    /// The function's name stands in `config`, or alone in `command`.
    private func functionFaults(of spec: TaskSpec) -> [SchedulerError.FieldFault] {
        guard var reader = try? BodyReader(spec.config, path: "config") else {
            return [.init(field: "config", message: BodyFault.wrongKind(spec.config, "an object").message)]
        }
        let name = reader.read("name", .text(1...255))
        let functionName = reader.read("functionName", .text(1...255))
        _ = reader.read("modulePath", .text(1...255))
        _ = reader.read("parameters", .any)
        if name == nil, functionName == nil, spec.command == nil, reader.isSound("name", "functionName") {
            reader.fault("name", "is missing; it names the function")
        } else if let name, let functionName, name != functionName {
            reader.fault("functionName", "says something else than name")
        }
        return reader.finish()
    }
}
