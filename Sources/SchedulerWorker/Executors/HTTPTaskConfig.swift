import SchedulerDomain
import SchedulerErrors

/// What an HTTP task asks for, read from `config`, or from the same object as JSON text in `command`.
struct HTTPTaskConfig: Sendable, Equatable {
    static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    private static let fields: Set<String> = [
        "url", "method", "headers", "body", "timeout_seconds", "expected_status", "retry_on_status_codes",
    ]

    var url: String
    var method = "GET"
    var headers: [String: String] = [:]
    var body: Body?
    /// For the whole call, redirects and body included; at most what the run has left.
    var timeout = Duration.seconds(30)
    /// Nil: any 2xx.
    var expectedStatus: [Int]?
    var retryOnStatus: Set<Int> = []

    enum Body: Sendable, Equatable {
        /// A string in the configuration, sent as it is.
        case raw(String)
        /// Any other value, sent as JSON.
        case json(JSONValue)
    }

    /// - Throws: `validation` with every fault.
    init(_ spec: TaskSpec) throws {
        let source = try HTTPTaskConfig.source(of: spec)
        var faults: [SchedulerError.FieldFault] = []
        func fault(_ field: String, _ message: String) { faults.append(.init(field: "config.\(field)", message: message)) }

        url = source["url"]?.string ?? ""
        if !url.hasPrefix("http://"), !url.hasPrefix("https://") { fault("url", "an http:// or https:// address is needed") }
        if let value = source["method"] {
            method = value.string?.uppercased() ?? ""
            if !HTTPTaskConfig.methods.contains(method) {
                fault("method", "one of \(HTTPTaskConfig.methods.joined(separator: ", "))")
            }
        }
        for (name, value) in source["headers"]?.object ?? [:] {
            if let text = value.string { headers[name] = text } else { fault("headers.\(name)", "a string is needed") }
        }
        if let value = source["headers"], value.object == nil { fault("headers", "an object is needed") }
        switch source["body"] {
        case nil, .null: body = nil
        case .string(let text): body = .raw(text)
        case .some(let value): body = .json(value)
        }
        if let value = source["timeout_seconds"] {
            switch value {
            case .integer(let seconds) where seconds > 0: timeout = .seconds(min(seconds, 86_400))
            case .number(let seconds) where seconds > 0: timeout = .seconds(min(seconds, 86_400))
            default: fault("timeout_seconds", "a number above 0 is needed")
            }
        }
        if let value = source["expected_status"] {
            expectedStatus = HTTPTaskConfig.statuses(value)
            if expectedStatus == nil { fault("expected_status", "a status from 100 to 599 or a list of them is needed") }
        }
        if let value = source["retry_on_status_codes"] {
            let statuses = HTTPTaskConfig.statuses(value)
            if statuses == nil { fault("retry_on_status_codes", "a list of statuses from 100 to 599 is needed") }
            retryOnStatus = Set(statuses ?? [])
        }
        for name in source.keys.sorted() where !HTTPTaskConfig.fields.contains(name) { fault(name, "there is no such field") }
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
    }

    func isExpected(_ status: Int) -> Bool { expectedStatus?.contains(status) ?? (200..<300).contains(status) }

    private static func source(of spec: TaskSpec) throws -> [String: JSONValue] {
        if let members = spec.config.object, !members.isEmpty { return members }
        guard let command = spec.command, !command.isEmpty else {
            throw SchedulerError.invalid("config", "an http task needs config with a url")
        }
        guard let members = (try? JSONValue(parsing: command))?.object else {
            throw SchedulerError.invalid("command", "an http task without config takes its object as JSON text here")
        }
        return members
    }

    private static func statuses(_ value: JSONValue) -> [Int]? {
        let values = value.array ?? [value]
        let statuses = values.compactMap { $0.integer.flatMap { (100...599).contains($0) ? Int($0) : nil } }
        return statuses.count == values.count ? statuses : nil
    }
}
