import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// `/api/task-runs`.
struct TaskRunRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/task-runs", [.get: list])
        router.endpoint("/api/task-runs/batch", [.post: batch])
        router.endpoint("/api/task-runs/{id}", [.get: find])
        router.endpoint("/api/task-runs/{id}/explain", [.get: explain])
        router.endpoint("/api/task-runs/{id}/cancel", [.post: cancel])
    }

    @Sendable private func list(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        var query = QueryReader(request)
        let task = query.taskID("task_id")
        return try await page(of: task, query)
    }

    @Sendable private func find(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let run = try await service.findRun(try reader.runID(context))
        return envelope.success { $0.value(run) }
    }

    @Sendable private func explain(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let explanation = try await service.explainRun(try reader.runID(context))
        return envelope.success { $0.value(explanation) }
    }

    /// Answers with the run and what the request came to: `ended`, `requested` or `already_ended`.
    @Sendable private func cancel(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.runID(context)
        let body = try await reader.optionalJSON(of: request).map(CancelBody.init) ?? CancelBody()
        let (run, result) = try await service.cancelRun(id, reason: body.reason)
        return envelope.success { writer in
            writer.object { writer in
                writer.field("cancellation", result.word)
                writer.name("run")
                writer.value(run)
            }
        }
    }

    /// Answers with the id and status of each run, in the order of the body: a thousand whole runs would be a megabyte
    /// that nobody reads.
    @Sendable private func batch(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let body = try BatchBody(try await reader.json(of: request))
        guard !body.entries.isEmpty else { throw APIError.unprocessable("the batch has no runs") }
        guard body.entries.count <= BatchBody.limit else {
            throw APIError.unprocessable(
                "the batch has \(body.entries.count) runs; at most \(BatchBody.limit) are allowed")
        }
        do {
            let runs = try await service.triggerBatch(body, by: TaskRoutes.caller, traceContext: request.traceContext)
            return envelope.success(.accepted, capacity: 128 + runs.count * 96) { writer in
                writer.list(runs) { $0.receipt(of: $1) }
            }
        } catch let error as SchedulerError where error.code == .notFound {
            // The path exists; it is the body that names what does not.
            throw APIError.unprocessable("no run was created: \(error.message)", details: error.faults)
        }
    }

    /// Answers with one page of runs, of one task or of all.
    func page(of task: TaskID?, _ query: QueryReader) async throws -> Response {
        var query = query
        var list = TaskRunQuery(task: task, status: query.word("status"), limit: query.limit())
        switch query.cursor() {
        case .run(let id): list.before = id
        case .task, .fire, .deadLetter: throw PageCursor.damaged
        case nil: break
        }
        try query.finish()
        let page = try await service.listRuns(list)
        let next = page.hasMore ? page.items.last.map { PageCursor.run($0.id) } : nil
        return envelope.page(page.items, next: next) { $0.value($1) }
    }
}
