package import SchedulerDomain
import SchedulerErrors

extension JSONWriter {
    /// Writes a task as the API shows it: every documented field, absent values as null.
    package mutating func value(_ task: TaskDefinition) {
        let spec = task.spec
        object { writer in
            writer.field("id", task.id.rawValue)
            writer.field("tenant_id", task.tenant.rawValue)
            writer.field("name", spec.name)
            writer.field("description", spec.description)
            writer.field("task_type", spec.taskType)
            writer.field("executor", spec.executor)
            writer.field("command", spec.command)
            writer.field("arguments", JSONValue.array(spec.arguments))
            writer.field("environment", spec.environment)
            writer.field("working_directory", spec.workingDirectory)
            writer.field("config", spec.config)
            writer.field("schedule", spec.schedule)
            writer.field("timezone", spec.timezone)
            writer.field("priority", spec.priority.rawValue)
            writer.field("status", task.status.rawValue)
            writer.name("retry_policy")
            writer.value(spec.retryPolicy)
            writer.field("timeout_seconds", spec.timeoutSeconds)
            writer.name("limits")
            writer.value(spec.limits)
            writer.field("max_concurrent", spec.maxConcurrent)
            writer.field("concurrency_key", spec.concurrencyKey)
            writer.field("start_date", spec.startDate)
            writer.field("end_date", spec.endDate)
            writer.field("max_executions", spec.maxExecutions)
            writer.field("misfire_policy", spec.misfirePolicy.rawValue)
            writer.field("misfire_limit", spec.misfireLimit)
            writer.field("misfire_window_seconds", spec.misfireWindowSeconds)
            writer.field("overlap_policy", spec.overlapPolicy.rawValue)
            writer.field("jitter_seconds", spec.jitterSeconds)
            writer.field("dst_gap", spec.gapPolicy.rawValue)
            writer.field("dst_overlap", spec.repeatPolicy.rawValue)
            writer.field("execution_count", task.executionCount)
            writer.name("dependencies")
            writer.list(spec.dependencies) { $0.value($1) }
            writer.field("tags", spec.tags)
            writer.field("metadata", spec.metadata)
            writer.field("version", task.version)
            writer.field("created_by", task.createdBy)
            writer.field("created_at", task.createdAt)
            writer.field("updated_at", task.updatedAt)
            writer.field("last_run_at", task.lastRunAt)
            writer.field("next_run_at", task.nextRunAt)
            writer.field("paused_at", task.pausedAt)
        }
    }

    private mutating func value(_ limits: ResourceLimits) {
        object { writer in
            writer.field("max_memory_mb", limits.maxMemoryMegabytes)
            writer.field("max_cpu_seconds", limits.maxCPUSeconds)
            writer.field("max_open_files", limits.maxOpenFiles)
            writer.field("max_processes", limits.maxProcesses)
            writer.field("max_output_bytes", limits.outputBytes)
        }
    }

    private mutating func value(_ policy: RetryPolicy) {
        object { writer in
            writer.field("max_retries", policy.maxRetries)
            writer.field("delay_ms", policy.delayMilliseconds)
            writer.field("exponential_backoff", policy.exponentialBackoff)
            writer.field("max_delay_ms", policy.maxDelayMilliseconds)
            writer.name("retry_on")
            if let kinds = policy.retryOn {
                writer.list(kinds) { $0.value($1.rawValue) }
            } else {
                writer.null()
            }
        }
    }
}
