import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SchedulerApplication
import SchedulerDomain

/// One call on the wire: the request, the redirects it is sent through, and the answer at their end.
struct HTTPExchange: Sendable {
    let client: HTTPClient
    let call: HTTPCall
    /// How much of the answer's body is read, in bytes.
    let bodyLimit: Int
    let limit: Duration
    let output: any RunOutput

    struct Answer: Sendable {
        var status: Int
        var headers: [HTTPMessage.Header]
        var body: [UInt8]
        /// Whether all of the body was read.
        var isWhole: Bool
    }

    /// Sends the request and follows redirects, as many as the task allows; one answer beyond that is a failure.
    ///
    /// A redirect that the task expects is the answer, and so is one without an address.
    func run(_ first: HTTPMessage) async throws -> Answer {
        var message = first
        var redirects = 0
        while true {
            output.write(message.summary, to: .system)
            let response = try await client.execute(HTTPExchange.request(message), timeout: patience)
            let status = Int(response.status.code)
            guard call.maxRedirects > 0, HTTPMessage.isRedirect(status), call.expectedStatus?.contains(status) != true,
                let location = response.headers.first(name: "Location")
            else { return try await answer(response) }
            redirects += 1
            guard redirects <= call.maxRedirects else {
                throw HTTPFailure.Redirects(message: "redirected more than \(call.maxRedirects) times")
            }
            guard let next = message.redirected(status: status, to: location) else {
                throw HTTPFailure.Redirects(message: "redirected to an address that cannot be called")
            }
            message = next
        }
    }

    /// More than the whole call may take: what ends it in time is the caller's clock, with one message for all.
    private var patience: TimeAmount { .nanoseconds(Int64(clamping: limit.microseconds) * 1_000) + .seconds(30) }

    private static func request(_ message: HTTPMessage) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: message.url.text)
        request.method = HTTPMethod(rawValue: message.method)
        for header in message.headers { request.headers.add(name: header.name, value: header.value) }
        if let body = message.body { request.body = .bytes(ByteBuffer(string: body)) }
        return request
    }

    private func answer(_ response: HTTPClientResponse) async throws -> Answer {
        var answer = Answer(
            status: Int(response.status.code),
            headers: response.headers.map { HTTPMessage.Header(name: $0.name, value: $0.value) }, body: [],
            isWhole: true)
        for try await part in response.body {
            let room = bodyLimit - answer.body.count
            answer.body += part.readableBytesView.prefix(room)
            if part.readableBytes > room {
                // Leaving the loop closes the connection.
                answer.isWhole = false
                break
            }
        }
        // A body whose reader is cancelled just ends.
        try Task.checkCancellation()
        return answer
    }
}
