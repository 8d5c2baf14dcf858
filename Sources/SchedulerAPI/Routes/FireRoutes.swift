import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// The fire times of a task: what became of them, and backfills.
struct FireRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/tasks/{id}/fires", [.get: list])
        router.endpoint("/api/tasks/{id}/backfill", [.post: backfill])
        router.endpoint("/api/tasks/{id}/backfill/{backfill_id}", [.get: findBackfill])
        router.endpoint("/api/tasks/{id}/backfill/{backfill_id}/cancel", [.post: cancelBackfill])
    }

    @Sendable private func list(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let id = try reader.taskID(context)
        var query = QueryReader(request)
        var list = ListFires.Query(from: query.instant("from"), to: query.instant("to"), limit: query.limit())
        switch query.cursor() {
        case .fire(let instant): list.cursor = instant
        case .task, .run, .deadLetter: throw PageCursor.damaged
        case nil: break
        }
        try query.finish()
        let answer = try await service.fires(id, list)
        return envelope.page(answer.items, next: answer.next.map { .fire($0) }) { $0.value($1) }
    }

    @Sendable private func backfill(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.taskID(context)
        let body = try BackfillBody(try await reader.json(of: request))
        let progress = try await service.backfill(id, body, by: TaskRoutes.caller)
        var response = envelope.success(.accepted) { $0.value(progress) }
        response.headers[.location] = "/api/tasks/\(id)/backfill/\(progress.backfill.id)"
        return response
    }

    @Sendable private func findBackfill(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let progress = try await service.findBackfill(try reader.backfillID(context), of: try reader.taskID(context))
        return envelope.success { $0.value(progress) }
    }

    @Sendable private func cancelBackfill(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let (id, task) = (try reader.backfillID(context), try reader.taskID(context))
        try await reader.refuseBody(of: request)
        let progress = try await service.cancelBackfill(id, of: task)
        return envelope.success { $0.value(progress) }
    }
}
