import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let dependencyCases: [ContractCase] = [
        ContractCase("dependencies are kept with the task and with its version") { data in
            let (first, second) = (try await data.task(.fixture(name: "1")), try await data.task(.fixture(name: "2")))
            let edges = [TaskDependency(on: second.id, .onFailure), TaskDependency(on: first.id)]
            let task = try await data.task(.fixture(name: "3", dependencies: edges))
            try expectEqual(try await data.task(task.id).spec.dependencies, edges, "the dependencies")
            let saved = try await data.rewire(task, [edges[1]])
            try expectEqual(saved.version, 2, "the version")
            try expectEqual(try await data.task(task.id).spec.dependencies, [edges[1]], "the dependencies then")
        },
        ContractCase("a dependency on a missing, deleted or foreign task is refused by its place") { data in
            let good = try await data.task(.fixture(name: "good"))
            let gone = try await data.task(.fixture(name: "gone"))
            _ = try await data.store.tasks.delete([gone.id], tenant: .default)
            let edges = [good.id, gone.id, TaskID(987_654_321)].map { TaskDependency(on: $0) }
            let places = ["dependencies.1.task_id", "dependencies.2.task_id"]
            try expectEqual(
                try await data.faults { _ = try await data.task(.fixture(name: "new", dependencies: edges)) }, places,
                "the faults of a new task")
            try expectEqual(
                try await data.faults { _ = try await data.rewire(good, edges) }.filter { $0.hasSuffix("id") },
                places, "the faults of an edit")
            try expectEqual(try await data.store.tasks.list(TaskQuery()).items.map(\.id), [good.id], "the tasks")
        },
        ContractCase("dependencies that close a cycle are refused with the cycle spelled out") { data in
            let nightly = try await data.task(.fixture(name: "nightly"))
            let report = try await data.dependent("report", on: nightly)
            let mail = try await data.dependent("mail", on: report)
            let message = "would close a cycle: nightly (1) → report (2) → mail (3) → nightly (1)"
            let error = try await data.error { _ = try await data.rewire(nightly, [TaskDependency(on: mail.id)]) }
            try expectEqual(error?.faults.map(\.message) ?? [], [message], "the fault")
            let own = try await data.error { _ = try await data.rewire(nightly, [TaskDependency(on: nightly.id)]) }
            try expectEqual(
                own?.faults.map(\.message) ?? [], ["would close a cycle: nightly (1) → nightly (1)"], "the fault")
            try expectEqual(try await data.task(nightly.id).spec.dependencies, [], "the dependencies")
        },
        ContractCase("of edits that close a cycle together one is refused, however they race") { data in
            var ring: [TaskDefinition] = []
            for number in 0..<4 { ring.append(try await data.task(.fixture(name: "\(number)"))) }
            let tasks = ring
            let won = await withTaskGroup(of: Bool.self) { group in
                for index in tasks.indices {
                    group.addTask {
                        let next = tasks[(index + 1) % tasks.count]
                        return (try? await data.rewire(tasks[index], [TaskDependency(on: next.id)])) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try expectEqual(won, 3, "how many edits were made")
        },
        ContractCase("at most a thousand tasks depend on one, and a further one is refused by its place") { data in
            let (root, other) = (try await data.root(), try await data.root("other"))
            let limit = DependencyRules.dependentLimit
            let drafts = (0..<limit).map { number in
                TaskDraft(spec: .fixture(name: "\(number)", dependencies: [TaskDependency(on: root.id)]))
            }
            let dependents = try await data.store.tasks.create(drafts)
            let both = [TaskDependency(on: other.id), TaskDependency(on: root.id)]
            let error = try await data.error { _ = try await data.task(.fixture(name: "new", dependencies: both)) }
            try expectEqual(error?.faults.map(\.field) ?? [], ["dependencies.1.task_id"], "the fault of a new task")
            try expect(
                error?.message.contains("1000 tasks depend on task 1 already") == true, "\(error?.message ?? "")")
            try expectEqual(
                try await data.faults { _ = try await data.rewire(other, [both[1]]) }, ["dependencies.0.task_id"],
                "the fault of an edit")
            _ = try await data.rewire(dependents[0], [TaskDependency(on: root.id, .onFailure)])
            _ = try await data.rewire(dependents[0], [])
            _ = try await data.rewire(other, [both[1]])
        },
        ContractCase("a task that others depend on is deleted only with them") { data in
            let root = try await data.task(.fixture(name: "root"))
            let middle = try await data.dependent("middle", on: root)
            let leaf = try await data.dependent("leaf", on: middle)
            let other = try await data.task(.fixture(name: "other"))
            let error = try await data.error { _ = try await data.store.tasks.delete([root.id], tenant: .default) }
            try expectEqual(error?.code, .conflict, "the error")
            try expect(error?.message.contains("middle (2) depends on it") == true, "\(error?.message ?? "")")
            try expectEqual(try await data.store.tasks.list(TaskQuery()).items.count, 4, "the tasks")
            let cascaded = try await data.store.tasks.delete([root.id], tenant: .default, cascading: true)
            try expectEqual(cascaded, [root.id, middle.id, leaf.id], "what was deleted")
            try expectEqual(try await data.store.tasks.list(TaskQuery()).items.map(\.id), [other.id], "what is left")
        },
        ContractCase("tasks that depend on each other only are deleted together") { data in
            let root = try await data.task(.fixture(name: "root"))
            let leaf = try await data.dependent("leaf", on: root)
            let both = [root.id, leaf.id]
            try expectEqual(try await data.store.tasks.delete(both, tenant: .default), both, "what was deleted")
        },
        ContractCase("a run of a task that others depend on is the root of a wave, unless it belongs elsewhere") {
            data in
            let root = try await data.task(.fixture(name: "root"), next: data.clock.now)
            let leaf = try await data.dependent("leaf", on: root)
            let decision = data.decision(for: root, next: nil)
            _ = try await data.store.tasks.fire([decision])
            let fired = decision.runs[0].id
            try expectEqual(try await data.run(fired).workflow, fired, "the wave of a fired run")
            let run = try await data.runs(1, of: root)[0]
            try expectEqual(run.workflow, run.id, "the wave of a triggered run")
            try expectEqual(try await data.runs(1, of: leaf)[0].workflow, nil, "the wave of a run without dependents")
            var new = data.newRun(of: root)
            new.workflow = run.id
            _ = try await data.store.runs.enqueue([[new]])
            try expectEqual(try await data.run(new.id).workflow, run.id, "the workflow that was given")
        },
    ]
}

extension TestDataFactory {
    /// A task that runs after others, without retries.
    func dependent(
        _ name: String, on upstreams: TaskDefinition..., condition: TaskDependency.Condition = .onSuccess,
        maxExecutions: Int64? = nil, status: TaskStatus = .active
    ) async throws -> TaskDefinition {
        try await task(
            .fixture(
                name: name, retryPolicy: RetryPolicy(maxRetries: 0), maxExecutions: maxExecutions,
                dependencies: upstreams.map { TaskDependency(on: $0.id, condition) }), status: status)
    }

    /// A task that starts waves, without retries.
    func root(_ name: String = "root") async throws -> TaskDefinition {
        try await task(.fixture(name: name, retryPolicy: RetryPolicy(maxRetries: 0)))
    }

    /// Replaces the dependencies of a task.
    func rewire(_ task: TaskDefinition, _ dependencies: [TaskDependency]) async throws -> TaskDefinition {
        let read = try await self.task(task.id)
        var edited = read
        edited.spec.dependencies = dependencies
        return try require(
            try await store.tasks.save([TaskEdit(task: edited)], replacing: [read]).first, "the saved task")
    }

    /// The error of ours that a body throws; nil where it throws none.
    func error(_ body: () async throws -> Void) async throws -> SchedulerError? {
        do {
            try await body()
            return nil
        } catch let error as SchedulerError {
            return error
        }
    }

    /// The fields that a validation error names.
    func faults(_ body: () async throws -> Void) async throws -> [String] {
        try await error(body)?.faults.map(\.field) ?? []
    }

    /// All runs of a task, oldest first.
    func allRuns(of task: TaskDefinition) async throws -> [TaskRun] {
        try await store.runs.list(TaskRunQuery(task: task.id, limit: 500)).items.reversed()
    }

    /// The states of all runs of a task, oldest first.
    func states(of task: TaskDefinition) async throws -> [TaskRunStatus] { try await allRuns(of: task).map(\.status) }

    /// Ends every run that is due, in the order of their tasks, and so on until nothing is due: as completed, save runs
    /// of the named tasks.
    ///
    /// Each end has a millisecond of its own, so that what follows is in the order of its ids.
    func endAll(on worker: WorkerInfo, _ endings: [TaskID: RunOutcome.Ending] = [:]) async throws {
        while true {
            let started = try await start(on: worker)
            guard !started.isEmpty else { return }
            for run in started.sorted(by: { $0.attempt < $1.attempt }) {
                clock.advance(by: .milliseconds(1))
                _ = try await store.runs.settle([
                    outcome(endings[run.version.task] ?? .success, of: run.attempt, on: worker)
                ])
            }
        }
    }
}
