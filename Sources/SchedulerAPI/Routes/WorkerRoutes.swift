import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain

/// `/api/workers`.
struct WorkerRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/workers", [.get: list])
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
}
