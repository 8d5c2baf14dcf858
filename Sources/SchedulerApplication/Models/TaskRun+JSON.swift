package import SchedulerDomain
import SchedulerErrors

extension JSONWriter {
    /// Writes a run as the API shows it: every documented field, absent values as null.
    package mutating func value(_ run: TaskRun) {
        object { writer in
            writer.field("id", run.id.description)
            writer.field("task_id", run.task.rawValue)
            writer.field("task_version", run.taskVersion)
            writer.field("tenant_id", run.tenant.rawValue)
            writer.field("workflow_id", run.workflow?.description)
            writer.field("worker_id", run.worker?.description)
            writer.field("task_type", run.taskType)
            writer.field("priority", run.priority.rawValue)
            writer.field("status", run.status.rawValue)
            writer.field("trigger_type", run.trigger.rawValue)
            writer.field("triggered_by", run.triggeredBy)
            writer.field("scheduled_at", run.scheduledAt)
            writer.field("due_at", run.dueAt)
            writer.field("started_at", run.startedAt)
            writer.field("completed_at", run.completedAt)
            writer.field("duration_ms", run.duration?.milliseconds)
            writer.field("attempt", run.attempt)
            writer.field("retry_count", run.failures)
            writer.field("interruptions", run.interruptions)
            writer.field("crashes", run.crashes)
            writer.field("cancel_requested_at", run.cancelRequestedAt)
            writer.field("progress", run.progress)
            writer.field("result", run.result)
            writer.field("exit_code", run.exitCode)
            writer.field("error_type", run.errorType?.rawValue)
            writer.field("error_message", run.errorMessage)
            writer.field("error_stack", run.errorStack)
            writer.field("memory_peak_mb", run.memoryPeakMegabytes)
            writer.field("cpu_time_ms", run.cpuTime?.milliseconds)
            writer.field("trace_context", run.traceContext)
            writer.field("created_at", run.createdAt)
            writer.field("updated_at", run.updatedAt)
        }
    }

    /// Writes what a caller needs to follow a run it just triggered; a batch answers with a thousand of them.
    package mutating func receipt(of run: TaskRun) {
        object { writer in
            writer.field("id", run.id.description)
            writer.field("task_id", run.task.rawValue)
            writer.field("status", run.status.rawValue)
        }
    }
}
