import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Task body")
struct TaskBodyTests {
    private let minimal: [String: JSONValue] = ["name": "nightly", "executor": "shell", "command": "true"]

    private func body(_ changes: [String: JSONValue] = [:]) -> TaskBody {
        TaskBody(.object(minimal.merging(changes) { $1 }))
    }

    private func faults(_ changes: [String: JSONValue]) -> [SchedulerError.FieldFault] {
        do {
            _ = try body(changes).draft()
            return []
        } catch {
            return (error as? SchedulerError)?.faults ?? []
        }
    }

    @Test("a minimal body gets the documented defaults")
    func defaults() throws {
        let (spec, status) = try body().draft()
        #expect(spec == TaskSpec(name: "nightly", taskType: "shell", executor: "shell", command: "true"))
        #expect(status == .active)
    }

    @Test("limits are read whole, show the output's default, and each fault is named")
    func limits() throws {
        let given: JSONValue = ["max_memory_mb": 64, "max_cpu_seconds": 5, "max_open_files": 32, "max_processes": 9]
        let (spec, _) = try body(["limits": given]).draft()
        #expect(
            spec.limits
                == ResourceLimits(maxMemoryMegabytes: 64, maxCPUSeconds: 5, maxOpenFiles: 32, maxProcesses: 9))
        #expect(spec.limits.outputBytes == 10_485_760)
        let wrong: JSONValue = ["max_memory_mb": 0, "max_output_bytes": "much", "max_pain": 1]
        #expect(
            faults(["limits": wrong]).map(\.field)
                == ["limits.max_memory_mb", "limits.max_output_bytes", "limits.max_pain"])
        #expect(faults(["limits": 3]).map(\.field) == ["limits"])
    }

    @Test("every field is read")
    func everyField() throws {
        let text = """
            {"name":"nightly","description":"d","executor":"shell","task_type":"heavy","command":"pg_dump",
             "arguments":["a",1],"environment":{"K":"V"},"working_directory":"/srv","config":{"x":1},
             "schedule":"0 0 2 * * *","timezone":"Europe/Berlin","priority":"high","status":"paused",
             "timeout_seconds":600,"retry_policy":{"max_retries":5,"delay_ms":100,"exponential_backoff":false,
             "max_delay_ms":200,"retry_on":["TIMEOUT"]},"max_concurrent":0,"concurrency_key":"db",
             "start_date":"2026-11-21T01:00:00Z","end_date":"2027-11-21T01:00:00+01:00","max_executions":9,
             "tags":["db"],"metadata":{"m":[1]}}
            """
        let (spec, status) = try TaskBody(JSONValue(parsing: text)).draft()
        #expect(status == .paused)
        #expect(
            spec
                == TaskSpec(
                    name: "nightly", description: "d", taskType: "heavy", executor: "shell", command: "pg_dump",
                    arguments: ["a", 1], environment: ["K": "V"], workingDirectory: "/srv", config: ["x": 1],
                    schedule: "0 0 2 * * *", timezone: "Europe/Berlin", priority: .high,
                    retryPolicy: RetryPolicy(
                        maxRetries: 5, delayMilliseconds: 100, exponentialBackoff: false, maxDelayMilliseconds: 200,
                        retryOn: [.timeout]),
                    timeoutSeconds: 600, maxConcurrent: 0, concurrencyKey: "db",
                    startDate: UTCInstant("2026-11-21T01:00:00Z"), endDate: UTCInstant("2027-11-21T00:00:00Z"),
                    maxExecutions: 9, tags: ["db"], metadata: ["m": [1]]))
    }

    @Test(
        "of executor and task type one follows the other",
        arguments: [
            (["executor": "bash"], "bash", "shell"), (["executor": "webhook"], "webhook", "http"),
            (["executor": "python"], "python", "python"), (["task_type": "lua", "executor": nil], "lua", "lua"),
            (["executor": "shell", "task_type": "gpu"], "shell", "gpu"),
        ] as [([String: JSONValue?], String, String)])
    func executorAndType(given: [String: JSONValue?], executor: String, type: String) throws {
        var members: [String: JSONValue] = ["name": "n", "command": "x", "config": [:]]
        for (name, value) in given { members[name] = value }
        if executor == "webhook" {
            members["command"] = nil
            members["config"] = ["url": "http://example.org"]
        }
        let (spec, _) = try TaskBody(.object(members)).draft()
        #expect(spec.executor == executor)
        #expect(spec.taskType == type)
    }

    @Test("retry_count is read as max_retries")
    func retryCount() throws {
        #expect(try body(["retry_count": 7]).draft().spec.retryPolicy.maxRetries == 7)
        let both: [String: JSONValue] = ["retry_count": 7, "retry_policy": ["max_retries": 6]]
        #expect(faults(both).map(\.field) == ["retry_count"])
    }

    @Test("dependencies are read as ids and as objects")
    func dependencies() throws {
        let spec = try body(["dependencies": [3, "17", ["task_id": "4", "condition": "on_failure"], ["task_id": 5]]])
            .draft().spec
        #expect(
            spec.dependencies == [
                TaskDependency(on: TaskID(3)), TaskDependency(on: TaskID(17)),
                TaskDependency(on: TaskID(4), .onFailure),
                TaskDependency(on: TaskID(5)),
            ])
        #expect(try body(["dependencies": nil]).replacing(spec).dependencies == [])
        #expect(try body(["priority": "high"]).replacing(spec).dependencies == spec.dependencies)
    }

    @Test("dependencies that are none, that are there twice or too many are refused by their place")
    func wrongDependencies() {
        let wrong: JSONValue = [
            0, "x", -1, ["condition": "on_success"], ["task_id": 1, "condition": "maybe", "more": 1], nil,
        ]
        #expect(
            faults(["dependencies": wrong]).map(\.field) == [
                "dependencies.0", "dependencies.1", "dependencies.2", "dependencies.3.task_id",
                "dependencies.4.condition", "dependencies.4.more", "dependencies.5",
            ])
        #expect(faults(["dependencies": [1, 2, ["task_id": 1]]]).map(\.field) == ["dependencies.2.task_id"])
        #expect(faults(["dependencies": .array((1...101).map { .integer($0) })]).map(\.field) == ["dependencies"])
        #expect(faults(["dependencies": 1]).map(\.field) == ["dependencies"])
    }

    @Test("all faults of a body are reported at once, in the order of the fields, unknown ones last")
    func allFaultsAtOnce() {
        let fields = faults([
            "name": "", "executor": "Shell!", "timeout_seconds": 0, "schedule": "* * *", "timezone": "Mars/Base",
            "retry_policy": ["delay_ms": "soon", "tries": 3], "environment": ["A=B": "x", "C": 1],
            "tags": ["ok", 2, ""],
            "priority": "urgent", "id": 7, "colour": "red", "start_date": "tomorrow",
        ]).map(\.field)
        #expect(
            fields == [
                "name", "executor", "environment", "environment.C", "schedule", "timezone", "priority",
                "timeout_seconds", "retry_policy.delay_ms", "retry_policy.tries", "start_date", "tags.1", "tags.2",
                "id",
                "colour",
            ])
    }

    @Test(
        "each field refuses what it cannot hold",
        arguments: [
            ("name", 1), ("name", ""), ("name", "  "), ("name", nil), ("name", "a\nb"),
            ("name", .string(String(repeating: "x", count: 256))), ("description", 1), ("executor", nil),
            ("task_type", "a b"), ("command", ""), ("command", "  "), ("command", ["a"]), ("arguments", "a"),
            ("environment", ["": "x"]), ("environment", []), ("working_directory", ""), ("config", []),
            ("schedule", "61 * * * * *"), ("schedule", 5), ("schedule", "0 0 30 2 *"), ("timezone", "Berlin"),
            ("priority", 3), ("status", "inactive"), ("status", "running"), ("timeout_seconds", 86_401),
            ("timeout_seconds", "60"), ("timeout_seconds", 1.5), ("retry_policy", 3), ("retry_count", 101),
            ("max_concurrent", -1), ("concurrency_key", ""), ("start_date", "2026-02-30T00:00:00Z"),
            ("end_date", 5), ("max_executions", 0), ("tags", "db"), ("metadata", []), ("tenant_id", "x"),
            ("execution_count", 0), ("created_by", "me"), ("next_run_at", nil), ("version", 1),
        ] as [(String, JSONValue)])
    func refusals(field: String, value: JSONValue) {
        #expect(faults([field: value]).map(\.field) == [field])
    }

    @Test("a name of 255 characters is allowed")
    func longestName() throws {
        let name = String(repeating: "ä", count: 255)
        #expect(try body(["name": .string(name)]).draft().spec.name == name)
    }

    @Test(
        "NUL is refused wherever it stands, naming the field",
        arguments: [
            ("name", "a\0"), ("command", "a\0"), ("environment", ["K\0": "v"]), ("environment", ["K": "v\0"]),
            ("metadata", ["a": ["b": ["\0"]]]), ("arguments", [["\0": 1]]), ("tags", ["\0"]), ("schedule", "\0"),
            ("config", ["\0": 1]), ("unknown\0", 1),
        ] as [(String, JSONValue)])
    func nulIsRefused(field: String, value: JSONValue) {
        #expect(faults([field: value]).map(\.field) == [field])
    }

    @Test("the end must come after the start")
    func endAfterStart() {
        let dates: [String: JSONValue] = ["start_date": "2026-11-21T01:00:00Z", "end_date": "2026-11-21T01:00:00Z"]
        #expect(faults(dates).map(\.field) == ["end_date"])
    }

    @Test("a body that is no object is refused", arguments: [[], "x", nil, 1] as [JSONValue])
    func notAnObject(json: JSONValue) {
        let error = #expect(throws: SchedulerError.self) { try TaskBody(json).draft() }
        #expect(error?.faults.map(\.field) == ["body"])
    }

    @Test("replacing keeps what the body does not name, and null sets back to the default")
    func replacing() throws {
        let old = TaskSpec(
            name: "a", description: "d", taskType: "shell", executor: "shell", command: "x", schedule: "* * * * *",
            priority: .high, retryPolicy: RetryPolicy(maxRetries: 9, delayMilliseconds: 1), tags: ["t"])
        let body = TaskBody(["command": "y", "schedule": nil, "priority": nil, "retry_policy": ["max_retries": 1]])
        var expected = old
        expected.command = "y"
        expected.schedule = nil
        expected.priority = .normal
        expected.retryPolicy = RetryPolicy(maxRetries: 1)
        #expect(try body.replacing(old) == expected)
        #expect(try TaskBody([:]).replacing(old) == old)
    }

    @Test("replacing checks the whole: a command task cannot lose its command")
    func replacingChecksTheWhole() {
        let old = TaskSpec(name: "a", taskType: "shell", executor: "shell", command: "x")
        let error = #expect(throws: SchedulerError.self) { try TaskBody(["command": nil]).replacing(old) }
        #expect(error?.faults.map(\.field) == ["command"])
    }

    @Test("the queue follows a replaced executor if it did so before")
    func queueFollows() throws {
        let followed = TaskSpec(name: "a", taskType: "shell", executor: "shell", command: "x")
        #expect(try TaskBody(["executor": "command"]).replacing(followed).taskType == "command")
        var apart = followed
        apart.taskType = "gpu"
        #expect(try TaskBody(["executor": "command"]).replacing(apart).taskType == "gpu")
        #expect(try TaskBody(["task_type": "gpu"]).replacing(followed).executor == "shell")
    }

    @Test("the status cannot be replaced")
    func statusIsNotReplaced() {
        let old = TaskSpec(name: "a", taskType: "shell", executor: "shell", command: "x")
        let error = #expect(throws: SchedulerError.self) { try TaskBody(["status": "paused"]).replacing(old) }
        #expect(error?.faults.map(\.field) == ["status"])
    }
}
