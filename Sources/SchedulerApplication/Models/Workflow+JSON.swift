package import SchedulerDomain
import SchedulerErrors

extension JSONWriter {
    /// Writes a workflow as the API shows it.
    package mutating func value(_ workflow: Workflow) {
        object { writer in
            writer.field("id", workflow.id.description)
            writer.field("state", workflow.state.rawValue)
            writer.field("started_at", workflow.startedAt)
            writer.field("completed_at", workflow.completedAt)
            writer.field("truncated", workflow.isTruncated)
            writer.name("nodes")
            writer.list(workflow.nodes) { $0.value($1) }
            writer.name("edges")
            writer.list(workflow.edges) { $0.value($1) }
        }
    }

    private mutating func value(_ node: Workflow.Node) {
        object { writer in
            writer.field("task_id", node.task.rawValue)
            writer.field("task_name", node.name)
            writer.field("run_id", node.run?.id.description)
            writer.field("state", node.run?.status.rawValue ?? "waiting")
            writer.field("scheduled_at", node.run?.scheduledAt)
            writer.field("started_at", node.run?.startedAt)
            writer.field("completed_at", node.run?.completedAt)
            writer.field("attempt", node.run?.attempt)
            writer.field("error_type", node.run?.errorType?.rawValue)
            writer.field("error_message", node.run?.errorMessage)
            writer.name("missing")
            writer.list(node.missing) { $0.value($1.rawValue) }
        }
    }

    private mutating func value(_ edge: Workflow.Edge) {
        object { writer in
            writer.field("from_task_id", edge.from.rawValue)
            writer.field("from_run_id", edge.fromRun?.description)
            writer.field("to_task_id", edge.to.rawValue)
            writer.field("to_run_id", edge.toRun?.description)
            writer.field("condition", edge.condition.rawValue)
            writer.name("fulfilled")
            if let isFulfilled = edge.isFulfilled { writer.value(isFulfilled) } else { writer.null() }
        }
    }
}
