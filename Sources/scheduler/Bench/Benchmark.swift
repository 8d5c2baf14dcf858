import AsyncHTTPClient
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Measures the whole way of runs, end to end: triggered in batches over HTTP, executed by the workers, settled.
struct Benchmark: Sendable {
    struct Figures: Sendable {
        var runs: Int
        /// From the first trigger to the answer of the last one.
        var accepted: Duration
        /// From the first trigger until no run of the task was unfinished.
        var finished: Duration

        var acceptedPerSecond: Double { Double(runs) / accepted.inSeconds }
        var finishedPerSecond: Double { Double(runs) / finished.inSeconds }
    }

    let client: BenchClient
    let runs: Int
    /// How many batches are on their way at once.
    let concurrency: Int
    let batch: Int
    /// The longest wait for the end.
    let patience: Duration
    /// What the task is beside its name and that its runs have no limit.
    var task: [String: JSONValue] = ["executor": "function", "config": ["name": "noop"]]

    /// Creates the task, triggers the runs, waits for their end, checks each, and deletes the task.
    ///
    /// - Throws: `execution` where a run did not complete, `timeout` where the runs did not end in time.
    func measure() async throws -> Figures {
        let task = try await createTask()
        let start = ContinuousClock.now
        try await trigger(task)
        let accepted = start.duration(to: .now)
        try await waitForEnd(of: task, since: start)
        let finished = start.duration(to: .now)
        try await check(task)
        _ = try await client.send("DELETE", "/api/tasks/\(task)")
        return Figures(runs: runs, accepted: accepted, finished: finished)
    }

    private func createTask() async throws -> TaskID {
        let given: [String: JSONValue] = [
            "name": .string("bench-\(RunID(at: SystemClock().now))"), "max_concurrent": 0,
        ]
        let body = JSONValue.object(given.merging(task) { $1 })
        guard let id = try await client.call("POST", "/api/tasks", body: body)["id"]?.integer else {
            throw SchedulerError(.internal, "the API created a task without an id")
        }
        return TaskID(id)
    }

    private func trigger(_ task: TaskID) async throws {
        let sizes = stride(from: 0, to: runs, by: batch).map { min(batch, runs - $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, size) in sizes.enumerated() {
                if index >= concurrency { try await group.next() }
                group.addTask {
                    let items = JSONValue.array(Array(repeating: ["task_id": .integer(task.rawValue)], count: size))
                    _ = try await client.send(
                        "POST", "/api/task-runs/batch", body: Array(JSONValue.object(["runs": items]).text.utf8))
                }
            }
            try await group.waitForAll()
        }
    }

    private func waitForEnd(of task: TaskID, since start: ContinuousClock.Instant) async throws {
        while try await hasUnfinishedRuns(task) {
            guard start.duration(to: .now) < patience else {
                throw SchedulerError(.timeout, "runs of task \(task) are unfinished after \(patience)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Looks in the order in which runs move on, and back again, since runs without a slot go back to pending.
    private func hasUnfinishedRuns(_ task: TaskID) async throws -> Bool {
        for status in [TaskRunStatus.pending, .dispatched, .running, .dispatched, .pending]
        where try await !client.call("GET", path(task, status: status, limit: 1)).isEmptyList {
            return true
        }
        return false
    }

    /// Reads every run of the task: all are there, all completed, each on its first attempt.
    private func check(_ task: TaskID) async throws {
        var completed = 0
        var next: String? = ""
        while let cursor = next {
            let page = try await client.send(
                "GET", path(task, status: nil, limit: 500) + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
            for run in page["data"]?.array ?? [] {
                guard run["status"]?.string == "completed", run["attempt"]?.integer == 1 else {
                    throw SchedulerError(.execution, "a run did not complete on its first attempt: \(run.text)")
                }
                completed += 1
            }
            next = page["page"]?["next_cursor"]?.string
        }
        guard completed == runs else {
            throw SchedulerError(.execution, "\(completed) of \(runs) runs are in the store")
        }
    }

    private func path(_ task: TaskID, status: TaskRunStatus?, limit: Int) -> String {
        "/api/task-runs?task_id=\(task)&limit=\(limit)" + (status.map { "&status=\($0.rawValue)" } ?? "")
    }
}

extension JSONValue {
    fileprivate var isEmptyList: Bool { array?.isEmpty ?? true }
}
