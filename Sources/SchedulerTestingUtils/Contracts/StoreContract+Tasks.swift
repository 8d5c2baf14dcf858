import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let taskCases: [ContractCase] = [
        ContractCase("created tasks start at version 1, in the order of their drafts") { data in
            let next = data.clock.now.advanced(by: .seconds(60))
            let created = try await data.store.tasks.create([
                TaskDraft(spec: .fixture(name: "b"), createdBy: "ann", nextRunAt: next),
                TaskDraft(spec: .fixture(name: "a"), status: .created),
            ])
            try expectEqual(created.map(\.spec.name), ["b", "a"], "the order of the names")
            try expectEqual(created.map(\.version), [1, 1], "the versions")
            try expectEqual(created.map(\.status), [.active, .created], "the states")
            try expectEqual(created.map(\.nextRunAt), [next, nil], "the next fire times")
            try expectEqual(created.map(\.createdBy), ["ann", nil], "the authors")
            try expectEqual(created.map(\.executionCount), [0, 0], "the execution counts")
            try expectEqual(created.map(\.createdAt), [data.clock.now, data.clock.now], "the creation times")
            try expect(created[0].id < created[1].id, "ids do not grow")
        },
        ContractCase("a task is read as it was created, every field of it") { data in
            let created = try await data.task(.everyField, next: data.clock.now.advanced(by: .microseconds(1)))
            try expectEqual(created.spec, .everyField, "the created task")
            try expectEqual(try await data.task(created.id), created, "the task that was read")
        },
        ContractCase("a name that is taken refuses the whole call") { data in
            _ = try await data.task(.fixture(name: "taken"))
            try await expectError(.alreadyExists, "creating a second task of the name") {
                _ = try await data.store.tasks.create([
                    TaskDraft(spec: .fixture(name: "free")), TaskDraft(spec: .fixture(name: "taken")),
                ])
            }
            try await expectError(.alreadyExists, "creating two tasks of one name") {
                _ = try await data.store.tasks.create([
                    TaskDraft(spec: .fixture(name: "twin")), TaskDraft(spec: .fixture(name: "twin")),
                ])
            }
            let names = try await data.store.tasks.list(TaskQuery()).items.map(\.spec.name)
            try expectEqual(names, ["taken"], "what exists")
        },
        ContractCase("tasks are found by id, in their own tenant only") { data in
            let first = try await data.task(.fixture(name: "first"))
            let second = try await data.task(.fixture(name: "second"))
            let ids = [second.id, first.id, first.id, TaskID(987_654_321)]
            let found = try await data.store.tasks.find(ids, tenant: .default)
            try expectEqual(Set(found), [first, second], "what was found")
            try expectEqual(found.count, 2, "the number of rows")
            let elsewhere = try await data.store.tasks.find(ids, tenant: TenantID("other"))
            try expect(elsewhere.isEmpty, "another tenant finds the task")
        },
        ContractCase("a list of tasks pages from the newest to the oldest") { data in
            var ids: [TaskID] = []
            for number in 1...5 { ids.append(try await data.task(.fixture(name: "task \(number)")).id) }
            var seen: [TaskID] = []
            var query = TaskQuery(limit: 2)
            var page = try await data.store.tasks.list(query)
            while page.hasMore {
                try expectEqual(page.items.count, 2, "the size of a page that is not the last")
                seen += page.items.map(\.id)
                query.before = seen.last
                page = try await data.store.tasks.list(query)
            }
            seen += page.items.map(\.id)
            try expectEqual(seen, ids.reversed(), "the pages")
            let elsewhere = try await data.store.tasks.list(TaskQuery(tenant: TenantID("other")))
            try expect(elsewhere.items.isEmpty && !elsewhere.hasMore, "another tenant lists the tasks")
        },
        ContractCase("a list of tasks keeps to a status") { data in
            let draft = try await data.task(.fixture(name: "draft"), status: .created)
            _ = try await data.task(.fixture(name: "active"))
            let page = try await data.store.tasks.list(TaskQuery(status: .created))
            try expectEqual(page.items, [draft], "the drafts")
        },
    ]

    static let versionCases: [ContractCase] = [
        ContractCase("every version of a task stays readable, after its deletion too") { data in
            let task = try await data.task(.fixture(command: "one"))
            var edited = task
            edited.spec.command = "two"
            _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            _ = try await data.store.tasks.delete([task.id], tenant: .default)
            let ids = (1...3).map { TaskVersionID(task: task.id, version: $0) }
            let specs = try await data.store.tasks.versions(ids)
            try expectEqual(specs.mapValues(\.command), [ids[0]: "one", ids[1]: "two"], "the versions")
            try expectEqual(specs[ids[0]], task.spec, "the first version")
        }
    ]
}

extension TaskSpec {
    /// A specification that sets every field, with text that is easily lost on the way to a store.
    fileprivate static let everyField = TaskSpec(
        name: "nächtlich – \"a\\b\" 🕑", description: "line one\nline two\ttab", taskType: "http", executor: "http",
        command: "GET", arguments: ["a", 1, -2.5, true, nil, ["x"], ["k": "v"]],
        environment: ["PATH": "/bin", "EMPTY": ""], workingDirectory: "/srv",
        config: ["url": "http://localhost/", "headers": ["A": "b"]], schedule: "0 0 2 * * *",
        timezone: "Europe/Berlin", priority: .critical,
        retryPolicy: RetryPolicy(
            maxRetries: 7, delayMilliseconds: 12, exponentialBackoff: false, maxDelayMilliseconds: 34,
            retryOn: [.network, .user]),
        timeoutSeconds: 86_400, maxConcurrent: 3, concurrencyKey: "key",
        startDate: UTCInstant(microsecondsSinceEpoch: 1_795_000_000_123_456),
        endDate: UTCInstant(secondsSinceEpoch: 1_895_000_000), maxExecutions: 9_000_000_000, tags: ["x", "y"],
        metadata: ["owner": ["team": "ops", "ids": [1, 2]]])
}
