public import SchedulerDomain
public import SchedulerErrors
private import Synchronization

/// One call of a registered function.
public struct FunctionCall: Sendable {
    /// `config.parameters`, its members overridden by those of the run's first argument where both are objects.
    public var parameters: JSONValue
    /// The attempt that calls.
    public var run: RunContext

    public init(parameters: JSONValue, run: RunContext) {
        self.parameters = parameters
        self.run = run
    }
}

/// A Swift function that tasks can name.
///
/// What it returns becomes `result` in the run's result.
///
/// It ends soon after its Swift task is cancelled. It fails by throwing: `FunctionFailure` to say the class of the
/// fault, `SchedulerError(.validation, …)` for wrong parameters, anything else for a `SYSTEM_ERROR`.
public typealias TaskFunction = @Sendable (FunctionCall) async throws -> JSONValue

/// A failure whose class the function knows, for example `USER_ERROR`.
public struct FunctionFailure: Error, Sendable, Hashable {
    public var type: ErrorType
    /// Shown to people.
    public var message: String

    public init(_ type: ErrorType, _ message: String) {
        self.type = type
        self.message = message
    }
}

/// The functions that tasks can name; registered at start or later.
public final class FunctionRegistry: Sendable {
    private let functions = Mutex<[String: TaskFunction]>([:])

    public init() {}

    /// A registry with `noop`.
    ///
    /// - Parameter appends: also with `append`, which writes to any file that this process may write to: for tests.
    public static func withBuiltIns(appends: Bool = false) -> FunctionRegistry {
        let registry = FunctionRegistry()
        registry.register("noop", BuiltInFunctions.noop)
        if appends { registry.register("append", BuiltInFunctions.append) }
        return registry
    }

    /// Adds a function or replaces the one of the same name.
    ///
    /// - Parameter name: what tasks write; where they give a `modulePath`, `<modulePath>.<name>`.
    public func register(_ name: String, _ function: @escaping TaskFunction) {
        functions.withLock { $0[name] = function }
    }

    public func function(named name: String) -> TaskFunction? { functions.withLock { $0[name] } }

    /// The names, sorted.
    public var names: [String] { functions.withLock { $0.keys.sorted() } }
}
