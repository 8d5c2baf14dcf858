import AsyncHTTPClient
import NIOCore
import NIOHTTP1
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Calls an address; the response becomes the result, its status the exit code.
///
/// Each call carries `Idempotency-Key: <run>` and `Scheduler-Attempt: <n>`, so that the receiver can recognise a
/// repeated attempt; headers of the same names in the task's configuration win. At most five redirects are followed.
public struct HTTPExecutor: RunExecutor {
    /// How much of a response's body is kept, in bytes; the rest is not read.
    public static let bodyLimit = 1_024 * 1_024

    public let name: String
    private let clock: any SchedulerClock

    public init(name: String = "http", clock: any SchedulerClock = SystemClock()) {
        self.name = name
        self.clock = clock
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        let config = try HTTPTaskConfig(run.spec)
        let request = HTTPExecutor.request(config, run)
        let limit = min(config.timeout, run.timeout)
        let startedAt = clock.now
        do {
            let answer = try await withTimeout(limit, "the call") { try await HTTPExecutor.call(request, within: limit) }
            return result(answer, config, startedAt: startedAt)
        } catch {
            try Task.checkCancellation()
            return TaskResult(
                success: false, result: ["success": false, "result": nil, "metadata": [:]], startedAt: startedAt,
                completedAt: clock.now, error: HTTPFailure.classify(error))
        }
    }

    private static func request(_ config: HTTPTaskConfig, _ run: RunContext) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: config.url)
        request.method = HTTPMethod(rawValue: config.method)
        for (name, value) in config.headers { request.headers.add(name: name, value: value) }
        func addMissing(_ name: String, _ value: String) {
            if !request.headers.contains(name: name) { request.headers.add(name: name, value: value) }
        }
        addMissing("Idempotency-Key", "\(run.attempt.run)")
        addMissing("Scheduler-Attempt", "\(run.attempt.attempt)")
        if let trace = run.traceContext { addMissing("traceparent", trace) }
        switch config.body {
        case .raw(let text): request.body = .bytes(ByteBuffer(string: text))
        case .json(let value):
            request.body = .bytes(ByteBuffer(string: value.text))
            addMissing("Content-Type", "application/json")
        case nil: break
        }
        return request
    }

    private struct Answer: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: CapturedOutput
        var isWhole: Bool
    }

    private static func call(_ request: HTTPClientRequest, within limit: Duration) async throws -> Answer {
        let response = try await SharedHTTPClient.client.execute(
            request, timeout: .nanoseconds(Int64(clamping: limit.microseconds) * 1_000))
        var body = CapturedOutput(limit: 2 * bodyLimit)
        var isWhole = true
        for try await part in response.body {
            let room = bodyLimit - body.total
            part.readableBytesView.prefix(room).withUnsafeBytes { body.append($0) }
            if part.readableBytes > room {
                isWhole = false
                break
            }
        }
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) }, body: body,
            isWhole: isWhole)
    }

    private func result(_ answer: Answer, _ config: HTTPTaskConfig, startedAt: UTCInstant) -> TaskResult {
        let text = answer.body.text() + (answer.isWhole ? "" : "\n[… the rest was not read …]\n")
        let isExpected = config.isExpected(answer.status)
        let headers = Dictionary(answer.headers.map { ($0.name.lowercased(), $0.value.withoutNUL) }) { "\($0), \($1)" }
        let metadata: [String: JSONValue] = [
            "statusCode": .integer(Int64(answer.status)), "headers": .object(headers.mapValues { .string($0) }),
        ]
        return TaskResult(
            success: isExpected,
            result: [
                "success": .bool(isExpected), "result": HTTPExecutor.value(of: text, headers["content-type"]),
                "metadata": .object(metadata),
            ],
            exitCode: answer.status,
            stdout: text,
            startedAt: startedAt,
            completedAt: clock.now,
            metadata: metadata,
            error: isExpected ? nil : HTTPFailure.classify(status: answer.status, retried: config.retryOnStatus))
    }

    /// A body that says it is JSON, and is, becomes a value; any other is text.
    private static func value(of text: String, _ contentType: String?) -> JSONValue {
        guard let contentType, contentType.contains("json"), let value = try? JSONValue(parsing: text) else {
            return .string(text)
        }
        return value.withoutNUL
    }
}
