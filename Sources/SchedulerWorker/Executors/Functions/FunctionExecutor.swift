public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Calls a registered Swift function.
///
/// `config` is `{"name" or "functionName", "modulePath"?, "parameters"?}`; a task without a name in `config` names the
/// function in `command`. With `modulePath` the function `<modulePath>.<name>` is called. The first argument of a run,
/// where it is an object, overrides members of `parameters`; any other first argument replaces it whole.
public struct FunctionExecutor: RunExecutor {
    public let name: String
    private let functions: FunctionRegistry
    private let clock: any SchedulerClock

    public init(_ functions: FunctionRegistry, name: String = "function", clock: any SchedulerClock = SystemClock()) {
        self.name = name
        self.functions = functions
        self.clock = clock
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        let function = try function(of: run.spec)
        let call = FunctionCall(parameters: FunctionExecutor.parameters(of: run.spec), run: run)
        let startedAt = clock.now
        do {
            let value = try await function(call)
            return TaskResult(
                success: true, result: ["success": true, "result": value.withoutNUL], startedAt: startedAt,
                completedAt: clock.now)
        } catch let error as FunctionFailure {
            return failure(TaskResult.Failure(error.type, error.message.withoutNUL), startedAt: startedAt)
        } catch let error as CancellationError {
            throw error
        } catch let error as SchedulerError where error.code == .validation {
            return failure(TaskResult.Failure(.validation, error.message.withoutNUL), startedAt: startedAt)
        } catch {
            return failure(TaskResult.Failure(.system, "\(error)".withoutNUL), startedAt: startedAt)
        }
    }

    private func function(of spec: TaskSpec) throws -> TaskFunction {
        guard let name = spec.config["name"]?.string ?? spec.config["functionName"]?.string ?? spec.command else {
            throw SchedulerError.invalid("config.name", "a function task names its function")
        }
        let prefix = spec.config["modulePath"]?.string ?? ""
        let fullName = prefix.isEmpty ? name : "\(prefix).\(name)"
        guard let function = functions.function(named: fullName) else {
            throw SchedulerError.invalid("config.name", "no function \"\(fullName)\" is registered on this worker")
        }
        return function
    }

    static func parameters(of spec: TaskSpec) -> JSONValue {
        let configured = spec.config["parameters"] ?? .object([:])
        guard let argument = spec.arguments.first else { return configured }
        guard case .object(let overrides) = argument, case .object(let members) = configured else { return argument }
        return .object(members.merging(overrides) { $1 })
    }

    private func failure(_ failure: TaskResult.Failure, startedAt: UTCInstant) -> TaskResult {
        TaskResult(
            success: false, result: ["success": false, "result": nil], startedAt: startedAt, completedAt: clock.now,
            error: failure)
    }
}
