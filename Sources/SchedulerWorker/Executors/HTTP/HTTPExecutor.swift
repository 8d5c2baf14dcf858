import SchedulerApplication
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Calls an address; the response becomes the result, its status the exit code.
///
/// Each call carries `Idempotency-Key: <run>` and `Scheduler-Attempt: <n>`, so that the receiver can recognise a
/// repeated attempt; headers of the same names in the task's configuration win.
public struct HTTPExecutor: RunExecutor {
    /// How much of a response's body is kept, in bytes; the rest is not read.
    public static let bodyLimit = 1_024 * 1_024

    public let name: String
    private let clock: any SchedulerClock
    private let clients: HTTPClients

    public init(name: String = "http", clock: any SchedulerClock = SystemClock()) {
        self.init(name: name, clock: clock, clients: .shared)
    }

    init(name: String = "http", clock: any SchedulerClock = SystemClock(), clients: HTTPClients) {
        self.name = name
        self.clock = clock
        self.clients = clients
    }

    public func supports(taskType: String) -> Bool { taskType == name }

    public func execute(_ run: RunContext) async throws -> TaskResult {
        let call = try HTTPCall(run.spec)
        let message = try HTTPMessage(call, run)
        let limit = min(call.timeout, run.timeout)
        let exchange = HTTPExchange(
            client: clients.client(connectTimeoutSeconds: call.connectTimeoutSeconds), call: call,
            bodyLimit: min(HTTPExecutor.bodyLimit, run.spec.limits.outputBytes), limit: limit, output: run.output)
        let startedAt = clock.now
        do {
            let answer = try await withTimeout(limit, "the call") { try await exchange.run(message) }
            let rest = answer.isWhole ? "" : ", and more that was not read"
            run.output.write("answered \(answer.status) with \(answer.body.count) bytes\(rest)", to: .system)
            return result(answer, call, startedAt: startedAt)
        } catch {
            try Task.checkCancellation()
            let failure = HTTPFailure.classify(error)
            run.output.write(failure.message, to: .system)
            return TaskResult(
                success: false, result: ["success": false, "result": nil, "metadata": [:]], startedAt: startedAt,
                completedAt: clock.now, error: failure)
        }
    }

    private func result(_ answer: HTTPExchange.Answer, _ call: HTTPCall, startedAt: UTCInstant) -> TaskResult {
        let text = HTTPExecutor.text(answer)
        let isExpected = call.isExpected(answer.status)
        let headers = Dictionary(answer.headers.map { ($0.name.lowercased(), $0.value.withoutNUL) }) { "\($0), \($1)" }
        var metadata: [String: JSONValue] = [
            "statusCode": .integer(Int64(answer.status)), "headers": .object(headers.mapValues { .string($0) }),
        ]
        if !answer.isWhole { metadata["truncated"] = true }
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
            error: isExpected ? nil : HTTPFailure.classify(status: answer.status, retried: call.retryOnStatus))
    }

    /// The body as text, with a mark where it was cut; a character that the cut went through goes too.
    private static func text(_ answer: HTTPExchange.Answer) -> String {
        guard !answer.isWhole else { return String(decoding: answer.body, as: UTF8.self).withoutNUL }
        var bytes = answer.body
        while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self).withoutNUL + "\n[… the rest was not read …]\n"
    }

    /// A body that says it is JSON, and is, becomes a value; any other is text.
    private static func value(of text: String, _ contentType: String?) -> JSONValue {
        guard let contentType, contentType.contains("json"), let value = try? JSONValue(parsing: text) else {
            return .string(text)
        }
        return value.withoutNUL
    }
}
