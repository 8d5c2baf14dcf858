import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain

/// `/health`: 200 while the process lives, with what it sees of its neighbours; `/ready`: 503 while it cannot serve.
struct HealthRoutes: Sendable {
    let health: HealthCheck
    let version: String
    /// The release of the time zone rules.
    let zonesVersion: @Sendable () -> String
    let port: @Sendable () -> Int
    let envelope: Envelope

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/health", [.get: showHealth])
        router.endpoint("/ready", [.get: showReadiness])
    }

    @Sendable private func showHealth(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        answer(.ok, await health())
    }

    @Sendable private func showReadiness(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let report = await health()
        var response = answer(report.isReady ? .ok : .serviceUnavailable, report)
        if !report.isReady { response.headers[.retryAfter] = "1" }
        return response
    }

    private func answer(_ status: HTTPResponse.Status, _ report: HealthReport) -> Response {
        .json(status) { writer in
            writer.field("status", report.status.rawValue)
            writer.field("ready", report.isReady)
            writer.field("service", "scheduler-service")
            writer.field("version", version)
            writer.field("tzdata", zonesVersion())
            writer.field("port", port())
            writer.name("dependencies")
            writer.object { writer in
                for dependency in report.dependencies {
                    writer.name(escaping: dependency.name)
                    writer.object { writer in
                        writer.field("state", dependency.state.rawValue)
                        writer.field("latency_ms", dependency.latency?.milliseconds)
                    }
                }
            }
            writer.field("timestamp", envelope.clock.now)
        }
    }
}
