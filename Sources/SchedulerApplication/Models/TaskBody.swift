public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// The body of `POST /api/tasks` and `PUT /api/tasks/{id}`.
///
/// Creating reads it over the defaults; updating reads it over the task as it is, so that it replaces what it names
/// (each named field as a whole, `retry_policy` and `config` included), keeps the rest, and null sets a field back to
/// its default.
public struct TaskBody: Sendable {
    private let json: JSONValue

    public init(_ json: JSONValue) { self.json = json }

    /// Returns what the body asks to create.
    ///
    /// - Throws: `validation` with every fault of the body.
    public func draft(zones: any ZoneCatalog = SystemZones.shared) throws -> (spec: TaskSpec, status: TaskStatus) {
        var reader = try BodyReader(json)
        var spec = TaskSpec(name: "", taskType: "", executor: "")
        var status = TaskStatus.active
        if !reader.names("name") { reader.fault("name", "is missing") }
        if !reader.names("executor"), !reader.names("task_type") {
            reader.fault("executor", "is missing; say what executes, for example \"shell\"")
        }
        reader.read("status", into: &status, orNull: .active, .word(of: [.created, .active, .paused]))
        read(&reader, into: &spec, zones: zones)
        if !reader.names("task_type") { spec.taskType = ExecutorKind(spec.executor).taskType ?? spec.executor }
        if !reader.names("executor") { spec.executor = spec.taskType }
        return (try finished(&reader, spec), status)
    }

    /// Returns a task's spec with what the body names replaced.
    ///
    /// The queue follows the executor if it did so before and the body does not name it.
    /// - Throws: `validation` with every fault of the body, also where it does not fit what it leaves as it was.
    public func replacing(_ old: TaskSpec, zones: any ZoneCatalog = SystemZones.shared) throws -> TaskSpec {
        var reader = try BodyReader(json)
        var spec = old
        reader.refuse(["status"], "cannot be replaced; use the task's pause and resume")
        read(&reader, into: &spec, zones: zones)
        let followed = old.taskType == (ExecutorKind(old.executor).taskType ?? old.executor)
        if followed, reader.names("executor"), !reader.names("task_type") {
            spec.taskType = ExecutorKind(spec.executor).taskType ?? spec.executor
        }
        return try finished(&reader, spec)
    }

    /// Whether the body names anything that decides when the task fires.
    var namesSchedule: Bool {
        [
            "schedule", "timezone", "start_date", "end_date", "max_executions", "dst_gap", "dst_overlap",
        ].contains { json[$0] != nil }
    }

    private func read(_ reader: inout BodyReader, into spec: inout TaskSpec, zones: any ZoneCatalog) {
        reader.readRequired("name", into: &spec.name, .taskName)
        reader.read("description", into: &spec.description, .text(0...100_000))
        reader.readRequired("executor", into: &spec.executor, .typeName)
        reader.readRequired("task_type", into: &spec.taskType, .typeName)
        reader.read("command", into: &spec.command, .text(1...1_000_000))
        reader.read("arguments", into: &spec.arguments, orNull: [], .values)
        reader.read("environment", into: &spec.environment, orNull: [:], .environment)
        reader.read("working_directory", into: &spec.workingDirectory, .text(1...4_096))
        reader.read("config", into: &spec.config, orNull: [:], .object)
        reader.read("schedule", into: &spec.schedule, .schedule)
        reader.read("timezone", into: &spec.timezone, orNull: "UTC", .timezone(of: zones))
        reader.read("priority", into: &spec.priority, orNull: .normal, .word(of: Priority.allCases))
        reader.read("timeout_seconds", into: &spec.timeoutSeconds, orNull: 3_600, .integer(1...86_400))
        reader.read("limits", into: &spec.limits, orNull: ResourceLimits(), .limits)
        readRetries(&reader, into: &spec.retryPolicy)
        reader.read("max_concurrent", into: &spec.maxConcurrent, orNull: 1, .integer(0...1_000_000))
        reader.read("concurrency_key", into: &spec.concurrencyKey, .text(1...255))
        reader.read("start_date", into: &spec.startDate, .instant)
        reader.read("end_date", into: &spec.endDate, .instant)
        reader.read("max_executions", into: &spec.maxExecutions, .integer(1...Int64.max))
        readPolicies(&reader, into: &spec)
        reader.read("dependencies", into: &spec.dependencies, orNull: [], .dependencies)
        reader.read("tags", into: &spec.tags, orNull: [], .list(of: .text(1...255)))
        reader.read("metadata", into: &spec.metadata, orNull: [:], .object)
        reader.refuse(
            [
                "id", "tenant_id", "execution_count", "created_by", "next_run_at", "last_run_at", "version",
                "created_at", "updated_at",
            ], "is kept by the system and cannot be set")
    }

    private func readPolicies(_ reader: inout BodyReader, into spec: inout TaskSpec) {
        reader.read(
            "misfire_policy", into: &spec.misfirePolicy, orNull: .fireOnce, .word(of: MisfirePolicy.allCases))
        reader.read("misfire_limit", into: &spec.misfireLimit, orNull: 100, .integer(1...10_000))
        reader.read(
            "misfire_window_seconds", into: &spec.misfireWindowSeconds, orNull: 3_600, .integer(0...31_622_400))
        reader.read("overlap_policy", into: &spec.overlapPolicy, orNull: .queue, .word(of: OverlapPolicy.allCases))
        reader.read("jitter_seconds", into: &spec.jitterSeconds, orNull: 0, .integer(0...86_400))
        reader.read("dst_gap", into: &spec.gapPolicy, orNull: .runAfter, .word(of: GapPolicy.allCases))
        reader.read("dst_overlap", into: &spec.repeatPolicy, orNull: .first, .word(of: RepeatPolicy.allCases))
    }

    private func readRetries(_ reader: inout BodyReader, into policy: inout RetryPolicy) {
        reader.read("retry_policy", into: &policy, orNull: RetryPolicy(), .retryPolicy)
        var count: Int?
        reader.read("retry_count", into: &count, .integer(0...100))
        guard let count else { return }
        if json["retry_policy"]?["max_retries"] != nil, count != policy.maxRetries, reader.isSound("retry_policy") {
            reader.fault("retry_count", "says \(count), but retry_policy.max_retries says \(policy.maxRetries)")
        }
        policy.maxRetries = count
    }

    private func finished(_ reader: inout BodyReader, _ spec: TaskSpec) throws -> TaskSpec {
        if reader.isSound("start_date", "end_date"), let start = spec.startDate, let end = spec.endDate, end <= start {
            reader.fault("end_date", "must be after start_date")
        }
        if reader.isSound("executor", "task_type", "command", "config") {
            reader.fault(ExecutorKind(spec.executor).faults(of: spec))
        }
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        return spec
    }
}

extension BodyRule where Value == String {
    /// A cron expression, kept as it was written.
    static let schedule = BodyRule { value in
        guard let text = value.string else { return .failure(.wrongKind(value, "a cron expression")) }
        guard text.utf8.count <= 1_000 else { return .failure(BodyFault("is longer than 1000 characters")) }
        return checked(text) { () throws(SchedulerError) in _ = try CronExpression(parsing: text) }
    }

    /// The name of a time zone that is known.
    static func timezone(of zones: any ZoneCatalog) -> BodyRule {
        BodyRule { value in
            guard let text = value.string else { return .failure(.wrongKind(value, "an IANA zone name")) }
            return checked(text) { _ = try zones.zone(text) }
        }
    }

    private static func checked(_ text: String, _ check: () throws -> Void) -> Result<String, BodyFault> {
        do {
            try check()
            return .success(text)
        } catch let error as SchedulerError {
            return .failure(BodyFault(error.faults.first?.message ?? error.message))
        } catch {
            return .failure(BodyFault("cannot be read"))
        }
    }
}

extension BodyRule where Value == ResourceLimits {
    fileprivate static let limits = BodyRule { value, path in
        do {
            var reader = try BodyReader(value, path: path)
            var limits = ResourceLimits()
            reader.read("max_memory_mb", into: &limits.maxMemoryMegabytes, .integer(1...16_777_216))
            reader.read("max_cpu_seconds", into: &limits.maxCPUSeconds, .integer(1...86_400_000))
            reader.read("max_open_files", into: &limits.maxOpenFiles, .integer(8...1_048_576))
            reader.read("max_processes", into: &limits.maxProcesses, .integer(1...4_194_304))
            reader.read("max_output_bytes", into: &limits.maxOutputBytes, .integer(1_024...1_073_741_824))
            let faults = reader.finish()
            return faults.isEmpty ? .value(limits) : .faults(faults)
        } catch {
            return .faults([.init(field: path, message: BodyFault.wrongKind(value, "an object").message)])
        }
    }
}

extension BodyRule where Value == RetryPolicy {
    fileprivate static let retryPolicy = BodyRule { value, path in
        do {
            var reader = try BodyReader(value, path: path)
            var policy = RetryPolicy()
            reader.read("max_retries", into: &policy.maxRetries, orNull: 3, .integer(0...100))
            reader.read("delay_ms", into: &policy.delayMilliseconds, orNull: 5_000, .integer(0...86_400_000))
            reader.read("exponential_backoff", into: &policy.exponentialBackoff, orNull: true, .flag)
            reader.read("max_delay_ms", into: &policy.maxDelayMilliseconds, orNull: 900_000, .integer(0...86_400_000))
            reader.read("retry_on", into: &policy.retryOn, .list(of: .word(of: ErrorType.allCases)))
            let faults = reader.finish()
            return faults.isEmpty ? .value(policy) : .faults(faults)
        } catch {
            return .faults([.init(field: path, message: BodyFault.wrongKind(value, "an object").message)])
        }
    }
}
