package import SchedulerDomain
package import SchedulerErrors

/// What an `http` task asks for, read from `config`, or from the same object as JSON text in `command`.
///
/// The API reads it to find faults when a task is made, the worker to make the call.
package struct HTTPCall: Sendable, Hashable {
    package enum Body: Sendable, Hashable {
        /// Sent as it is.
        case raw(Template)
        case json(JSONValue)
        /// `application/x-www-form-urlencoded`.
        case form([FormField])
    }

    package struct FormField: Sendable, Hashable {
        package var name: String
        package var value: Template
    }

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: Template
    }

    package var url: Template
    package var method = "GET"
    package var headers: [Header] = []
    package var body: Body?
    /// For the whole call, redirects and body included; at most what the run has left.
    package var timeout = Duration.seconds(30)
    package var connectTimeoutSeconds = 10
    package var maxRedirects = 5
    /// Nil: any 2xx.
    package var expectedStatus: Set<Int>?
    package var retryOnStatus: Set<Int> = []

    /// Whether the answer is a success; a status that is listed for retry never is.
    package func isExpected(_ status: Int) -> Bool {
        !retryOnStatus.contains(status) && (expectedStatus?.contains(status) ?? (200..<300).contains(status))
    }

    /// - Throws: `validation` with every fault.
    package init(_ spec: TaskSpec) throws(SchedulerError) {
        guard let command = spec.command else {
            self = try HTTPCall.read(spec.config, path: "config", of: spec)
            return
        }
        guard spec.config == .object([:]) else {
            throw .invalid("command", "must be absent where config says what to call")
        }
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: command, maxDepth: JSONValue.callerDepth)
        } catch {
            throw .invalid(
                "command", "must be absent, with the call in config, or hold the same as JSON text: \(error)")
        }
        guard !json.containsNUL else {
            throw .invalid("command", "holds a NUL character, which cannot be stored")
        }
        self = try HTTPCall.read(json, path: "command", of: spec)
    }

    private static func read(_ config: JSONValue, path: String, of spec: TaskSpec) throws(SchedulerError) -> HTTPCall {
        guard case .object = config, var reader = try? BodyReader(config, path: path) else {
            throw .invalid(path, BodyFault.wrongKind(config, "an object").message)
        }
        var call = HTTPCall()
        if config["url"] == nil { reader.fault("url", "is missing") }
        // Null is no value here: an executor would have to guess what is meant.
        reader.readRequired("url", into: &call.url, .httpURL)
        reader.readRequired("method", into: &call.method, .httpMethod)
        reader.readRequired("headers", into: &call.headers, .httpHeaders)
        let body = reader.read("body", .httpBody)
        let form = reader.read("form", .httpForm)
        if body != nil, form != nil { reader.fault("form", "must be absent where there is a body") }
        call.body = body ?? form
        reader.readRequired("timeout_seconds", into: &call.timeout, .seconds(upTo: 86_400))
        reader.readRequired("connect_timeout_seconds", into: &call.connectTimeoutSeconds, .integer(1...60))
        reader.readRequired("max_redirects", into: &call.maxRedirects, .integer(0...20))
        var expected: Set<Int> = []
        reader.readRequired("expected_status", into: &expected, .statuses)
        if !expected.isEmpty { call.expectedStatus = expected }
        reader.readRequired("retry_on_status_codes", into: &call.retryOnStatus, .statuses)
        call.reportUpstreams(spec, &reader)
        let faults = reader.finish()
        guard faults.isEmpty else { throw .invalid(faults) }
        return call
    }

    private init() {
        url = Template(plain: "")
    }

    /// A task that waits for no other never has a result of one.
    private func reportUpstreams(_ spec: TaskSpec, _ reader: inout BodyReader) {
        guard spec.dependencies.isEmpty else { return }
        let inBody: [Template] =
            switch body {
            case .raw(let text): [text]
            case .json(let json): json.templates
            case .form(let fields): fields.map(\.value)
            case nil: []
            }
        var isForm = false
        if case .form = body { isForm = true }
        for (field, templates) in [
            ("url", [url]), ("headers", headers.map(\.value)), (isForm ? "form" : "body", inBody),
        ] {
            if templates.contains(where: \.asksUpstream) {
                reader.fault(field, "asks for the result of another task, but this one depends on none")
            }
        }
    }
}

extension Template {
    fileprivate var asksUpstream: Bool {
        places.contains { if case .upstream = $0 { true } else { false } }
    }
}

extension JSONValue {
    /// The templates in its strings; those that cannot be read are left out.
    fileprivate var templates: [Template] {
        switch self {
        case .null, .bool, .integer, .number: []
        case .string(let text): (try? Template(parsing: text)).map { [$0] } ?? []
        case .array(let elements): elements.flatMap(\.templates)
        case .object(let members): members.values.flatMap(\.templates)
        }
    }
}
