import SchedulerDomain

/// The wire form of an attempt: `{"run_id": …, "attempt": …}`.
extension RunAttempt {
    func write(into object: inout JSONObjectWriter) {
        object.member("run_id", plain: run.description)
        object.member("attempt", attempt)
    }

    init(_ fields: MessageFields) throws(MessageError) {
        let run = try fields.runID("run_id")
        let number = try fields.integer("attempt")
        guard let attempt = Int(exactly: number), attempt > 0 else { throw fields.wrong("attempt", "is below 1") }
        self.init(run: run, attempt: attempt)
    }
}
