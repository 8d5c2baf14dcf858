import SchedulerDomain
import SchedulerErrors

/// Edges between tasks. One writer at a time makes the search for cycles exact.
extension SQLiteTransaction {
    /// Writes the edges of a task in place of those that it had.
    func replaceDependencies(of task: TaskDefinition) throws {
        let dependencies = task.spec.dependencies
        let known = try dependencies.map(\.upstream).filter { try undeletedTask($0, tenant: task.tenant) != nil }
        try DependencyRules.check(dependencies, known: Set(known))
        let graph = try ancestry(of: dependencies.map(\.upstream))
        if let cycle = TaskDependencyService(graph).cycle(adding: dependencies, to: task.id) {
            var names = [task.id: task.spec.name]
            for id in cycle where names[id] == nil { names[id] = try name(of: id) }
            throw DependencyRules.refusal(of: cycle, names: names)
        }
        try execute(SQLiteWaveSQL.removeEdges, task.id.rawValue)
        for edge in dependencies {
            try execute(SQLiteWaveSQL.addEdge, task.id.rawValue, edge.upstream.rawValue, edge.condition.rawValue)
        }
        let full = try dependencies.map(\.upstream).filter { upstream in
            let count = try row(SQLiteWaveSQL.countDependents, upstream.rawValue) { try $0.int() }
            return count ?? 0 > DependencyRules.dependentLimit
        }
        try DependencyRules.check(dependencies, full: Set(full))
        if dependencies.isEmpty { try forgetJoins(of: task.id) }
    }

    /// Takes the edges of a deleted task away, on which no other depends.
    func removeDependencies(of task: TaskID) throws {
        try execute(SQLiteWaveSQL.removeEdges, task.rawValue)
        try forgetJoins(of: task)
    }

    private func forgetJoins(of task: TaskID) throws {
        try execute(SQLiteWaveSQL.forgetArrivals, task.rawValue)
        try execute(SQLiteWaveSQL.closeJoins, task.rawValue)
    }

    func checkNoDependents(of tasks: [TaskID]) throws {
        for task in tasks {
            let others = try dependents(of: task).filter { !tasks.contains($0) }
            guard !others.isEmpty else { continue }
            throw DependencyRules.refusal(
                ofDeleting: task, dependents: try others.map { (id: $0, name: try name(of: $0) ?? "") })
        }
    }

    func dependents(of task: TaskID) throws -> [TaskID] {
        try rows(SQLiteWaveSQL.dependents, task.rawValue) { TaskID(try $0.integer()) }
    }

    func hasDependents(_ task: TaskID) throws -> Bool {
        try row(SQLiteWaveSQL.hasDependents, task.rawValue) { try $0.int() } != nil
    }

    func edges(of task: TaskID) throws -> [TaskDependency] {
        try rows(SQLiteWaveSQL.edges, task.rawValue) { TaskDependency(on: TaskID(try $0.integer()), try $0.word()) }
    }

    func name(of task: TaskID) throws -> String? { try row(SQLiteWaveSQL.name, task.rawValue) { try $0.text() } }

    /// The tasks and everything that descends from them, at most `limit`.
    func withDependents(_ tasks: [TaskID], limit: Int = .max) throws -> [TaskID] {
        var found: [TaskID] = []
        var seen: Set<TaskID> = []
        var open = tasks
        while let next = open.popLast(), found.count < limit {
            guard seen.insert(next).inserted else { continue }
            found.append(next)
            open += try dependents(of: next)
        }
        return found
    }

    /// The edges of the tasks and of everything that they descend from.
    private func ancestry(of tasks: [TaskID]) throws -> [TaskID: [TaskDependency]] {
        var graph: [TaskID: [TaskDependency]] = [:]
        var open = tasks
        while let next = open.popLast() {
            guard graph[next] == nil else { continue }
            let edges = try edges(of: next)
            graph[next] = edges
            open += edges.map(\.upstream)
        }
        return graph
    }
}
