import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain

/// `/api/workers`.
struct WorkerRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/workers", [.get: list])
        router.endpoint("/api/workers/{id}", [.get: find])
        router.endpoint("/api/workers/{id}/drain", [.post: drain])
    }

    /// Lists workers, latest registration first.
    ///
    /// There is one page: the list has no cursor, since dead workers sink to its end.
    @Sendable private func list(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        var query = QueryReader(request)
        let status: WorkerStatus? = query.word("status")
        let limit = query.limit()
        try query.finish()
        let workers = try await service.listWorkers(status: status, limit: limit)
        return envelope.page(workers, next: nil) { $0.value($1) }
    }

    @Sendable private func find(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let worker = try await service.findWorker(try reader.workerID(context))
        return envelope.success { $0.value(worker) }
    }

    /// Answers with the worker, which may still be about to hear of it.
    @Sendable private func drain(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.workerID(context)
        try await reader.refuseBody(of: request)
        let worker = try await service.drainWorker(id)
        return envelope.success { $0.value(worker) }
    }
}
