import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain

/// `/api/workflows`.
struct WorkflowRoutes: Sendable {
    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/workflows/{id}", [.get: find])
    }

    @Sendable private func find(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let workflow = try await service.findWorkflow(try reader.runID(context))
        return envelope.success(capacity: 256 + workflow.nodes.count * 384) { $0.value(workflow) }
    }
}
