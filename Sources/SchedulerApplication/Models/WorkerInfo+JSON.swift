package import SchedulerDomain

extension JSONWriter {
    /// Writes a worker as the API shows it.
    package mutating func value(_ worker: WorkerInfo) {
        object { writer in
            writer.field("id", worker.id.description)
            writer.field("name", worker.name)
            writer.field("hostname", worker.hostname)
            writer.field("ip_address", worker.ipAddress)
            writer.field("port", worker.port)
            writer.field("task_types", worker.taskTypes)
            writer.name("executors")
            if let executors = worker.executors { writer.list(executors) { $0.value($1) } } else { writer.null() }
            writer.field("max_concurrent_tasks", worker.maxConcurrentTasks)
            writer.field("current_task_count", worker.currentTaskCount)
            writer.field("status", worker.status.rawValue)
            writer.field("last_heartbeat", worker.lastHeartbeat)
            writer.field("registered_at", worker.registeredAt)
            writer.field("drain_requested_at", worker.drainRequestedAt)
            writer.field("version", worker.version)
            writer.field("labels", worker.labels)
        }
    }
}
