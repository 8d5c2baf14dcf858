/// How a run ended that another one depended on: what is passed on to the dependent.
public struct UpstreamResult: Sendable, Hashable {
    /// The most bytes of results, as JSON, that are passed on to one run.
    public static let sizeLimit = 1_048_576

    public var task: TaskID
    public var taskName: String
    public var run: RunID
    public var status: TaskRunStatus
    public var result: JSONValue?
    public var exitCode: Int?
    /// Whether there is a result that was left out because all of them together are too large.
    public var isOmitted: Bool

    public init(
        task: TaskID, taskName: String, run: RunID, status: TaskRunStatus, result: JSONValue? = nil,
        exitCode: Int? = nil, isOmitted: Bool = false
    ) {
        self.task = task
        self.taskName = taskName
        self.run = run
        self.status = status
        self.result = result
        self.exitCode = exitCode
        self.isOmitted = isOmitted
    }

    /// Leaves out every result that does not fit beside the ones before it.
    public static func limited(_ results: [UpstreamResult], to limit: Int = sizeLimit) -> [UpstreamResult] {
        var left = limit
        return results.map { result in
            guard let value = result.result else { return result }
            let size = value.text.utf8.count
            if size <= left {
                left -= size
                return result
            }
            var omitted = result
            omitted.result = nil
            omitted.isOmitted = true
            return omitted
        }
    }

    /// The form in which a process reads it.
    public var json: JSONValue {
        [
            "task_id": .integer(task.rawValue), "task_name": .string(taskName), "run_id": .string("\(run)"),
            "status": .string(status.rawValue), "result": result ?? .null,
            "exit_code": exitCode.map { .integer(Int64($0)) } ?? .null, "result_omitted": .bool(isOmitted),
        ]
    }
}
