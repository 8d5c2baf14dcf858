package import SchedulerDomain
import SchedulerErrors

extension JSONWriter {
    /// Writes a part of a log.
    package mutating func value(_ page: RunLogPage) {
        object { writer in
            writer.field("run_id", page.run.description)
            writer.field("status", page.status.rawValue)
            writer.field("attempt", page.attempt)
            writer.name("lines")
            writer.list(page.lines) { $0.value($1) }
            writer.field("next", page.next)
        }
    }

    package mutating func value(_ line: LogLine) {
        object { writer in
            writer.field("number", line.number)
            writer.field("time", line.time)
            writer.field("stream", line.stream.rawValue)
            writer.field("text", line.text)
        }
    }

    /// Writes what became of an attempt.
    package mutating func value(_ attempt: AttemptReport) {
        object { writer in
            writer.field("number", attempt.number)
            writer.field("ending", attempt.ending?.rawValue)
            writer.field("worker", attempt.worker?.description)
            writer.field("started_at", attempt.startedAt)
            writer.field("ended_at", attempt.endedAt)
            writer.field("exit_code", attempt.exitCode)
            writer.field("error_type", attempt.errorType?.rawValue)
            writer.field("error_message", attempt.errorMessage)
            guard let late = attempt.lateReport else { return }
            writer.name("late_report")
            writer.object { writer in
                writer.field("ending", late.ending.rawValue)
                writer.field("worker", late.worker.description)
                writer.field("ended_at", late.endedAt)
                writer.field("reported_at", late.reportedAt)
                writer.field("error_message", late.errorMessage)
            }
        }
    }
}
