import SchedulerDomain
import SchedulerErrors

/// Edges between tasks, inside a transaction.
extension PostgresSession {
    /// Lets nobody else add edges in these tenants or delete tasks of theirs; before any task is locked.
    func lockTenants(_ tenants: some Sequence<TenantID>) throws {
        let tenants = Set(tenants).sorted()
        guard !tenants.isEmpty else { return }
        try execute(DependencySQL.lockTenants, [.texts(tenants.map(\.rawValue))])
    }

    /// Writes the edges of tasks that were just created; a task that is new closes no cycle.
    func addDependencies(of tasks: [TaskDefinition]) throws {
        let dependent = tasks.filter { !$0.spec.dependencies.isEmpty }
        for task in dependent { try check(task) }
        try add(dependent)
    }

    /// Replaces the edges of tasks one after the other, each checked against the ones before.
    func replaceDependencies(of tasks: [TaskDefinition]) throws {
        for task in tasks {
            try check(task)
            let graph = try edges(DependencySQL.ancestry, of: task.spec.dependencies.map(\.upstream))
            if let cycle = TaskDependencyService(graph).cycle(adding: task.spec.dependencies, to: task.id) {
                var names = try self.names(of: cycle)
                names[task.id] = task.spec.name
                throw DependencyRules.refusal(of: cycle, names: names)
            }
            try execute(DependencySQL.remove, [.int8s([task.id.rawValue])])
            try add([task])
        }
        let free = tasks.filter(\.spec.dependencies.isEmpty).map(\.id.rawValue)
        if !free.isEmpty { try execute(DependencySQL.closeJoins, [.int8s(free)]) }
    }

    /// Takes the edges of deleted tasks away, on which no other depends.
    func removeDependencies(of tasks: [TaskID]) throws {
        try execute(DependencySQL.remove, [.int8s(tasks.map(\.rawValue))])
        try execute(DependencySQL.closeJoins, [.int8s(tasks.map(\.rawValue))])
    }

    func checkNoDependents(of tasks: [TaskID]) throws {
        let rows = try execute(DependencySQL.dependents, [.int8s(tasks.map(\.rawValue))]).map { row in
            (upstream: TaskID(try row.int64()), id: TaskID(try row.int64()), name: try row.text())
        }
        guard let first = rows.first else { return }
        throw DependencyRules.refusal(
            ofDeleting: first.upstream,
            dependents: rows.filter { $0.upstream == first.upstream }.map { (id: $0.id, name: $0.name) })
    }

    /// The undeleted tasks among `ids` that belong to the tenant.
    func known(_ ids: [TaskID], tenant: TenantID) throws -> [TaskID] {
        try execute(DependencySQL.known, [.int8s(ids.map(\.rawValue)), .text(tenant.rawValue)])
            .map { TaskID(try $0.int64()) }
    }

    /// The tasks and everything that descends from them, at most `limit`.
    func withDependents(_ tasks: [TaskID], limit: Int64 = .max) throws -> [TaskID] {
        try execute(DependencySQL.descendants, [.int8s(tasks.map(\.rawValue)), .int8(limit)])
            .map { TaskID(try $0.int64()) }
    }

    /// Edges as `DependencySQL.edges` or `DependencySQL.ancestry` lists them.
    func edges(_ statement: PostgresStatement, of tasks: [TaskID]) throws -> [TaskID: [TaskDependency]] {
        guard !tasks.isEmpty else { return [:] }
        var edges: [TaskID: [TaskDependency]] = [:]
        _ = try execute(statement, [.int8s(tasks.map(\.rawValue))]).map { row in
            let task = TaskID(try row.int64())
            edges[task, default: []].append(TaskDependency(on: TaskID(try row.int64()), try row.value()))
        }
        return edges
    }

    func names(of tasks: some Sequence<TaskID>) throws -> [TaskID: String] {
        let rows = try execute(DependencySQL.names, [.int8s(Set(tasks).sorted().map(\.rawValue))])
            .map { (TaskID(try $0.int64()), try $0.text()) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private func check(_ task: TaskDefinition) throws {
        guard !task.spec.dependencies.isEmpty else { return }
        let known = try known(task.spec.dependencies.map(\.upstream), tenant: task.tenant)
        try DependencyRules.check(task.spec.dependencies, known: Set(known))
    }

    private func add(_ tasks: [TaskDefinition]) throws {
        let edges = tasks.flatMap { task in task.spec.dependencies.map { (task: task.id, edge: $0) } }
        guard !edges.isEmpty else { return }
        try execute(
            DependencySQL.add,
            [
                .int8s(edges.map(\.task.rawValue)), .int8s(edges.map(\.edge.upstream.rawValue)),
                .texts(edges.map(\.edge.condition.rawValue)),
            ])
        let upstreams = Set(edges.map(\.edge.upstream)).sorted().map(\.rawValue)
        let full = try execute(
            DependencySQL.full, [.int8s(upstreams), .int8(Int64(DependencyRules.dependentLimit))]
        ).map { TaskID(try $0.int64()) }
        for task in tasks { try DependencyRules.check(task.spec.dependencies, full: Set(full)) }
    }
}
