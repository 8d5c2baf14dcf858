public import SchedulerErrors

/// What a store holds new dependencies to, and what it says of those that it refuses.
public enum DependencyRules {
    /// The most tasks that may depend on one: what an end of its runs brings about is one transaction.
    public static let dependentLimit = 1_000
    /// The most tasks that an error names.
    private static let named = 20

    /// - Parameter known: the undeleted tasks of the same tenant.
    /// - Throws: `validation` that names each dependency on a task which is not among them.
    public static func check(_ dependencies: [TaskDependency], known: Set<TaskID>) throws(SchedulerError) {
        let faults = dependencies.enumerated().filter { !known.contains($0.element.upstream) }.map {
            index, dependency in
            SchedulerError.FieldFault(
                field: "dependencies.\(index).task_id", message: "task \(dependency.upstream) does not exist")
        }
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
    }

    /// - Parameter full: the tasks on which as many others depend already as may.
    /// - Throws: `validation` that names each dependency on one of them.
    public static func check(_ dependencies: [TaskDependency], full: Set<TaskID>) throws(SchedulerError) {
        let faults = dependencies.enumerated().filter { full.contains($0.element.upstream) }.map { index, dependency in
            SchedulerError.FieldFault(
                field: "dependencies.\(index).task_id",
                message: "\(dependentLimit) tasks depend on task \(dependency.upstream) already, which is the most;"
                    + " let a task between them depend on it, and further ones on that")
        }
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
    }

    /// Says that the dependencies of a task would close a cycle.
    ///
    /// - Parameters:
    ///   - cycle: from the task along the tasks that each depends on, back to itself.
    ///   - names: what the tasks are called.
    public static func refusal(of cycle: [TaskID], names: [TaskID: String]) -> SchedulerError {
        // In the direction in which runs follow one another.
        let way = cycle.reversed().map { task in names[task].map { "\($0) (\(task))" } ?? "(\(task))" }
        let shown =
            way.count <= named
            ? way : way.prefix(named - 1) + ["… (\(way.count - named) more)"] + way.suffix(1)
        return SchedulerError.invalid(
            "dependencies", "would close a cycle: " + shown.joined(separator: " → "))
    }

    /// Says that a task cannot be deleted because others depend on it.
    ///
    /// - Parameter dependents: the tasks that depend on it, with their names; the first five are named.
    public static func refusal(ofDeleting task: TaskID, dependents: [(id: TaskID, name: String)]) -> SchedulerError {
        let shown = dependents.prefix(5).map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
        let more = dependents.count > 5 ? " and \(dependents.count - 5) more" : ""
        return SchedulerError(
            .conflict,
            "task \(task) cannot be deleted: \(shown)\(more) depend\(dependents.count == 1 ? "s" : "") on it;"
                + " take it from their dependencies, or delete them with it by ?cascade=true")
    }
}
