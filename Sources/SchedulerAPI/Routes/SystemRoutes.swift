import Hummingbird
import SchedulerApplication

/// `/api/system`: what concerns no single task.
struct SystemRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/system/stats", [.get: stats])
    }

    @Sendable private func stats(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let counts = try await service.systemStats()
        return envelope.success { $0.value(counts) }
    }
}
