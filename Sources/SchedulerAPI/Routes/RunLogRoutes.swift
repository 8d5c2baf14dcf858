import HTTPTypes
import Hummingbird
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// What the attempts of a run came to, and what they said.
struct RunLogRoutes: Sendable {
    /// The most lines of one page.
    private static let pageLimit = 1_000

    let service: TaskService
    let envelope: Envelope
    let reader: RequestReader
    let pace: StreamPace
    let places: StreamPlaces

    func add(to router: Router<APIRequestContext>) {
        router.endpoint("/api/task-runs/{id}/attempts", [.get: attempts])
        router.endpoint("/api/task-runs/{id}/logs", [.get: logs])
    }

    @Sendable private func attempts(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try refuseQuery(request)
        let attempts = try await service.listAttempts(try reader.runID(context))
        return envelope.success(capacity: 128 + attempts.count * 512) { $0.list(attempts) { $0.value($1) } }
    }

    @Sendable private func logs(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        var log = ReadRunLog.Query(run: try reader.runID(context))
        var query = QueryReader(request)
        log.attempt = query.number("attempt", atLeast: 1)
        log.after = query.number("after", atLeast: 0) ?? 0
        log.limit = query.limit(standard: 500, most: RunLogRoutes.pageLimit)
        let isFollowing = query.flag("follow")
        try query.finish()
        guard isFollowing else {
            let page = try await service.readLog(log)
            return envelope.success(capacity: 512 + page.lines.count * 160) { $0.value(page) }
        }
        return try await follow(log, request, context)
    }

    /// A reader who comes back after a break says with a header which event was the last.
    private func follow(
        _ log: ReadRunLog.Query, _ request: Request, _ context: APIRequestContext
    ) async throws -> Response {
        var log = log
        if let text = request.headers[.lastEventID] {
            guard let last = QueryReader.digits(text) else {
                throw SchedulerError.invalid("Last-Event-ID", "is not the number of a line")
            }
            log.after = last
        }
        let place = try places.take()
        // What cannot be followed is refused before the stream begins.
        let first = try await service.readLog(log)
        if first.attempt > 0 { log.attempt = first.attempt }
        let events = LogEvents(
            readLog: service.readLog, query: log, isBeforeFirst: first.attempt == 0, pace: pace)
        return EventStream(pace: pace, channel: context.connection).response(to: request, holding: place) {
            try await events.send(until: $0, $1)
        }
    }
}

extension HTTPField.Name {
    static let lastEventID = valid("Last-Event-ID")
}
