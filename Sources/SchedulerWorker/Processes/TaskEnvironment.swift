import Glibc
import SchedulerDomain
import SchedulerErrors

/// What a task sees of its surroundings: an allow-list of the worker's variables, the task's own, and the run's
/// identity.
///
/// Never the worker's environment, which holds credentials.
public struct TaskEnvironment: Sendable {
    /// The variables of the worker that a task inherits.
    public static let inheritedNames = ["PATH", "HOME", "LANG", "TZ"]
    private static let standardPath = "/usr/local/bin:/usr/bin:/bin"

    private let inherited: [String: String]

    /// Takes the allowed variables from the process's environment, once; later changes of it are not seen.
    public init() {
        var values: [String: String] = [:]
        for name in TaskEnvironment.inheritedNames {
            if let value = getenv(name) { values[name] = String(cString: value) }
        }
        self.init(inherited: values)
    }

    /// - Parameter inherited: stands for the worker's environment; names that are not allowed are left out.
    public init(inherited: [String: String]) {
        self.inherited = inherited.filter { TaskEnvironment.inheritedNames.contains($0.key) }
    }

    /// The environment of one attempt.
    ///
    /// The task's values replace inherited ones, the run's identity replaces both.
    ///
    /// - Parameter user: as whom it runs; nil: the worker's user, whose home is inherited.
    /// - Throws: `validation` for a name that no environment can hold.
    func variables(of run: RunContext, as user: TaskUser? = nil) throws -> [String: String] {
        for (name, value) in run.spec.environment
        where name.isEmpty || name.contains("=") || name.utf8.contains(0) || value.utf8.contains(0) {
            throw SchedulerError.invalid(
                "environment", "\"\(name)\" cannot be set: a name holds no \"=\", neither holds NUL")
        }
        var variables = ["PATH": TaskEnvironment.standardPath]
        variables.merge(inherited) { $1 }
        if let user { variables["HOME"] = user.home }
        variables.merge(run.spec.environment) { $1 }
        variables["SCHEDULER_RUN_ID"] = "\(run.attempt.run)"
        variables["SCHEDULER_ATTEMPT"] = "\(run.attempt.attempt)"
        variables["SCHEDULER_FIRE_TIME"] = "\(run.scheduledAt)"
        return variables
    }
}
