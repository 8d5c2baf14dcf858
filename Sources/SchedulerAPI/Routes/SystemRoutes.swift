import Hummingbird
import SchedulerApplication
import SchedulerDomain

/// `/api/system`: what concerns no single task.
struct SystemRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/system/stats", [.get: stats])
        router.endpoint("/api/system/dead-letters", [.get: deadLetters])
    }

    @Sendable private func stats(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let counts = try await service.systemStats()
        return envelope.success { $0.value(counts) }
    }

    @Sendable private func deadLetters(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        var query = QueryReader(request)
        let limit = query.limit()
        let before: Int64?
        switch query.cursor() {
        case .deadLetter(let id): before = id
        case .task, .run, .fire: throw PageCursor.damaged
        case nil: before = nil
        }
        try query.finish()
        let page = try await service.listDeadLetters(before: before, limit: limit)
        let next = page.hasMore ? page.items.last.map { PageCursor.deadLetter($0.id) } : nil
        return envelope.page(page.items, next: next) { $0.value($1) }
    }
}
