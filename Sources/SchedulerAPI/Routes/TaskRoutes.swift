import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// `/api/tasks` and what belongs to one task.
struct TaskRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader
    /// Who acts, until there are users.
    static let caller = "api"

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/tasks", [.get: list, .post: create])
        router.endpoint("/api/tasks/{id}", [.get: find, .put: update, .delete: delete])
        router.endpoint("/api/tasks/{id}/trigger", [.post: trigger])
        router.endpoint("/api/tasks/{id}/pause", [.post: pause])
        router.endpoint("/api/tasks/{id}/resume", [.post: resume])
        router.endpoint("/api/tasks/{id}/runs", [.get: runs])
        FireRoutes(service: service, envelope: envelope, reader: reader).add(to: router)
    }

    @Sendable private func create(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let body = TaskBody(try await reader.json(of: request))
        let task = try await service.create(body, creator: TaskRoutes.caller)
        var response = envelope.success(.created) { $0.value(task) }
        response.headers[.location] = "/api/tasks/\(task.id)"
        return response
    }

    @Sendable private func list(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        var query = QueryReader(request)
        var list = TaskQuery(status: query.word("status"), limit: query.limit())
        switch query.cursor() {
        case .task(let id): list.before = id
        case .run, .fire, .deadLetter: throw PageCursor.damaged
        case nil: break
        }
        try query.finish()
        let page = try await service.list(list)
        let next = page.hasMore ? page.items.last.map { PageCursor.task($0.id) } : nil
        return envelope.page(page.items, next: next) { $0.value($1) }
    }

    @Sendable private func find(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let task = try await service.find(try reader.taskID(context))
        return envelope.success { $0.value(task) }
    }

    @Sendable private func update(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.taskID(context)
        let body = TaskBody(try await reader.json(of: request))
        let task = try await service.update(id, body)
        return envelope.success { $0.value(task) }
    }

    @Sendable private func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        var query = QueryReader(request)
        let cascading = query.flag("cascade")
        try query.finish()
        let id = try reader.taskID(context)
        try await reader.refuseBody(of: request)
        let deleted = try await service.delete(id, cascading: cascading)
        return envelope.success { writer in
            writer.object { writer in
                writer.field("id", id.rawValue)
                writer.field("deleted", true)
                writer.name("deleted_ids")
                writer.list(deleted) { $0.value($1.rawValue) }
            }
        }
    }

    @Sendable private func trigger(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.taskID(context)
        let body = try await reader.optionalJSON(of: request).map(TriggerBody.init) ?? .empty
        let run = try await service.trigger(id, body, by: TaskRoutes.caller, traceContext: request.traceContext)
        var response = envelope.success(.accepted) { $0.value(run) }
        response.headers[.location] = "/api/task-runs/\(run.id)"
        return response
    }

    @Sendable private func pause(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try await change(request, context) { try await service.pause($0) }
    }

    @Sendable private func resume(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try await change(request, context) { try await service.resume($0) }
    }

    @Sendable private func runs(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        // A task that does not exist is 404 here, not an empty list.
        let task = try await service.find(try reader.taskID(context))
        return try await TaskRunRoutes(service: service, envelope: envelope, reader: reader)
            .page(of: task.id, QueryReader(request))
    }

    private func change(
        _ request: Request, _ context: APIRequestContext, _ act: (TaskID) async throws -> TaskDefinition
    ) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.taskID(context)
        try await reader.refuseBody(of: request)
        let task = try await act(id)
        return envelope.success { $0.value(task) }
    }
}

/// Refuses every query parameter.
func refuseQuery(_ request: Request) throws {
    var query = QueryReader(request)
    try query.finish()
}
