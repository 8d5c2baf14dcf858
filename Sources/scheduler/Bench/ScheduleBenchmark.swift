import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Measures how punctual a running system is: many tasks due on one second, and one task on an idle system.
///
/// Every figure comes from the times that the store stamped, so the client's own delays do not count. A run's row is
/// stamped at the start of the transaction that makes it.
struct ScheduleBenchmark: Sendable {
    /// The runs of one fire time, or of one task.
    struct Figures: Sendable {
        /// From the fire time to the transaction that made the row.
        var created: LatencySample
        /// From the fire time to the start of the attempt.
        var started: LatencySample
    }

    let client: BenchClient
    /// How many requests are under way at once.
    let concurrency: Int

    /// Creates tasks that are all due on one second ahead, waits for it, and reads their runs.
    ///
    /// - Parameter lead: how long after the call the second lies; the tasks must all exist by then.
    /// - Throws: `timeout` where they do not, or where a run is missing long after.
    func burst(tasks count: Int, lead: Duration) async throws -> Figures {
        let clock = SystemClock()
        let due = UTCInstant(secondsSinceEpoch: clock.now.advanced(by: lead).secondsSinceEpoch + 1)
        let tasks = try await create(count, schedule: ScheduleBenchmark.schedule(at: due))
        guard clock.now < due else {
            throw SchedulerError(.timeout, "\(count) tasks were not created within \(lead); raise --lead")
        }
        try await clock.sleep(until: due, tolerance: nil)
        let runs = try await finishedRuns(count, dueAt: due)
        try await delete(tasks)
        return figures(of: runs)
    }

    /// Lets one task run every second for a while and reads its runs.
    func idle(for duration: Duration) async throws -> Figures {
        let tasks = try await create(1, schedule: "* * * * * *")
        try await Task.sleep(for: duration)
        guard let task = tasks.first else { throw SchedulerError(.internal, "no task was created") }
        _ = try await client.call("POST", "/api/tasks/\(task)/pause")
        try await Task.sleep(for: .seconds(2))
        let runs = try await self.runs("&task_id=\(task)&status=completed")
        try await delete(tasks)
        return figures(of: runs)
    }

    /// Creates active tasks with a schedule and returns their ids.
    func create(_ count: Int, schedule: String) async throws -> [Int64] {
        let prefix = "bench-\(RunID(at: SystemClock().now))"
        return try await each(0..<count) { number in
            let body: JSONValue = [
                "name": .string("\(prefix)-\(number)"), "executor": "function", "config": ["name": "noop"],
                "schedule": .string(schedule),
            ]
            guard let id = try await client.call("POST", "/api/tasks", body: body)["id"]?.integer else {
                throw SchedulerError(.internal, "the API created a task without an id")
            }
            return id
        }
    }

    func delete(_ tasks: [Int64]) async throws {
        _ = try await each(tasks) { try await client.send("DELETE", "/api/tasks/\($0)") }
    }

    /// An expression that fires at an instant, and then once a year.
    static func schedule(at instant: UTCInstant) -> String {
        let second = instant.secondsSinceEpoch
        let date = CivilDate(daysSinceEpoch: second / 86_400)
        return "\(second % 60) \(second / 60 % 60) \(second / 3_600 % 24) \(date.day) \(date.month) *"
    }

    private func figures(of runs: [JSONValue]) -> Figures {
        func delays(_ field: String) -> LatencySample {
            LatencySample(
                runs.compactMap { run in
                    guard let due = run["scheduled_at"]?.string.flatMap({ UTCInstant($0) }),
                        let time = run[field]?.string.flatMap({ UTCInstant($0) })
                    else { return nil }
                    return due.duration(to: time).inSeconds * 1_000
                })
        }
        return Figures(created: delays("created_at"), started: delays("started_at"))
    }

    /// The runs of one fire time, once all have ended.
    private func finishedRuns(_ count: Int, dueAt due: UTCInstant) async throws -> [JSONValue] {
        let deadline = ContinuousClock.now.advanced(by: .seconds(300))
        while ContinuousClock.now < deadline {
            // Reading ten thousand runs is no small load, so the system is left alone while it works.
            try await Task.sleep(for: .seconds(5))
            let runs = try await self.runs("&status=completed", count: count)
                .filter { $0["scheduled_at"]?.string.flatMap { UTCInstant($0) } == due }
            if runs.count >= count { return runs }
        }
        throw SchedulerError(.timeout, "not all of the \(count) runs due at \(due) completed within five minutes")
    }

    /// The newest runs, at most `count`.
    private func runs(_ filter: String, count: Int = .max) async throws -> [JSONValue] {
        var runs: [JSONValue] = []
        var next: String? = ""
        while let cursor = next, runs.count < count {
            let page = try await client.send(
                "GET", "/api/task-runs?limit=500" + filter + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
            runs += page["data"]?.array ?? []
            next = page["page"]?["next_cursor"]?.string
        }
        return runs
    }

    /// Maps elements with a bounded number of calls under way.
    private func each<Element: Sendable, Result: Sendable>(
        _ elements: some Sequence<Element>, _ call: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            var results: [Result] = []
            for (index, element) in elements.enumerated() {
                if index >= concurrency, let result = try await group.next() { results.append(result) }
                group.addTask { try await call(element) }
            }
            for try await result in group { results.append(result) }
            return results
        }
    }
}
