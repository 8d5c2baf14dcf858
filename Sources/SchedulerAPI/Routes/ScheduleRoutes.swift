import HTTPTypes
import Hummingbird
import SchedulerApplication

/// `/api/schedules`: what a schedule means, before anybody has it.
struct ScheduleRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/schedules/preview", [.post: preview])
    }

    @Sendable private func preview(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let preview = try await service.previewSchedule(try await reader.json(of: request))
        return envelope.success(capacity: 512 + preview.fires.count * 192) { $0.value(preview) }
    }
}
