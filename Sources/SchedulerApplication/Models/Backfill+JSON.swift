package import SchedulerDomain
import SchedulerErrors

extension JSONWriter {
    /// Writes a backfill as the API shows it, with the counts of its runs.
    package mutating func value(_ progress: BackfillProgress) {
        let backfill = progress.backfill
        object { writer in
            writer.field("id", backfill.id.description)
            writer.field("task_id", backfill.task.rawValue)
            writer.field("state", progress.state.rawValue)
            writer.field("from", backfill.from)
            writer.field("to", backfill.to)
            writer.field("limit", backfill.limit)
            writer.field("runs_created", progress.created)
            writer.field("fire_times_left_out", backfill.leftOut)
            writer.field("remaining_from", backfill.remainingFrom)
            writer.name("runs")
            writer.object { writer in
                for status in TaskRunStatus.allCases {
                    writer.name(escaping: status.rawValue)
                    writer.value(progress.runs[status] ?? 0)
                }
            }
            writer.field("created_by", backfill.createdBy)
            writer.field("created_at", backfill.createdAt)
            writer.field("finished_at", backfill.finishedAt)
            writer.field("cancelled_at", backfill.cancelledAt)
        }
    }
}
