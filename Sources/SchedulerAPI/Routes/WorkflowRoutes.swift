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
        router.endpoint("/api/workflows/{id}/cancel", [.post: cancel])
    }

    @Sendable private func find(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let workflow = try await service.findWorkflow(try reader.runID(context))
        return envelope.success(capacity: 256 + workflow.nodes.count * 384) { $0.value(workflow) }
    }

    /// Answers with how many of its runs have ended by it, and how many that run were asked to.
    @Sendable private func cancel(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let id = try reader.runID(context)
        let body = try await reader.optionalJSON(of: request).map(CancelBody.init) ?? CancelBody()
        let results = try await service.cancelWorkflow(id, reason: body.reason)
        let ended = results.values.count { $0 == .ended }
        return envelope.success { writer in
            writer.object { writer in
                writer.field("id", id.description)
                writer.field("ended", ended)
                writer.field("requested", results.count - ended)
            }
        }
    }
}
