import FoundationEssentials
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// One request of a call, with every value in its place.
struct HTTPMessage: Sendable, Equatable {
    struct Header: Sendable, Equatable {
        var name: String
        var value: String
    }

    var method: String
    var url: HTTPURL
    var headers: [Header]
    var body: String?

    /// - Throws: `validation` where a template cannot be filled, or makes a URL or a header that may not be sent.
    init(_ call: HTTPCall, _ run: RunContext) throws {
        var filler = TemplateFiller(run)
        method = call.method
        url = try HTTPMessage.checked("config.url") { try HTTPURL(filler.fill(call.url, percentEncoded)) }
        if call.url.hasPlaces, url.hasDotSegments {
            throw SchedulerError.invalid("config.url", "a value in it makes a step of the path \".\" or \"..\"")
        }
        headers = try call.headers.map { header in
            let field = "config.headers.\(header.name)"
            let value = try HTTPMessage.checked(field) { try filler.fill(header.value) }
            guard HTTPCall.Header.isValue(value) else {
                throw SchedulerError.invalid(field, "a value in it holds control characters")
            }
            return Header(name: header.name, value: value)
        }
        switch call.body {
        case .raw(let text): body = try HTTPMessage.checked("config.body") { try filler.fill(text) }
        case .json(let json):
            body = try HTTPMessage.checked("config.body") { try filler.fill(json).text }
            addMissing("Content-Type", "application/json")
        case .form(let fields):
            body = try HTTPMessage.checked("config.form") {
                try fields.map { try formEncoded($0.name) + "=" + filler.fill($0.value, formEncoded) }
                    .joined(separator: "&")
            }
            addMissing("Content-Type", "application/x-www-form-urlencoded")
        case nil: break
        }
        addMissing("Idempotency-Key", "\(run.attempt.run)")
        addMissing("Scheduler-Attempt", "\(run.attempt.attempt)")
        if let trace = run.traceContext.flatMap({ TraceContext($0) }) {
            addMissing("traceparent", trace.parent)
            if let state = trace.state { addMissing("tracestate", state) }
        }
    }

    /// What the log may show: no query, which often holds a secret.
    var summary: String { "\(method) \(url.origin)\(url.path)" }

    private mutating func addMissing(_ name: String, _ value: String) {
        if !headers.contains(where: { $0.isNamed(name) }) { headers.append(Header(name: name, value: value)) }
    }

    private static func checked<Value>(_ field: String, _ make: () throws -> Value) throws -> Value {
        do {
            return try make()
        } catch let fault as TemplateFault {
            throw SchedulerError.invalid(field, fault.message)
        } catch let fault as HTTPURLFault {
            throw SchedulerError.invalid(field, fault.message)
        }
    }
}

extension HTTPMessage {
    /// What another host may see of a task's headers; any other may be a credential, or hold only for this host.
    private static let portable = [
        "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Content-Type", "User-Agent",
        "Idempotency-Key",
        "Scheduler-Attempt", "traceparent", "tracestate",
    ]

    /// Whether an answer of the status sends the client elsewhere.
    static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

    /// The request that follows a redirecting answer (RFC 9110, section 15.4).
    ///
    /// Headers of the task stay with the scheme, host and port that they were meant for, but for a few that hold no secret.
    /// - Returns: nil where `location` is no address that can be called.
    func redirected(status: Int, to location: String) -> HTTPMessage? {
        guard let base = URL(string: url.text), let target = URL(string: location, relativeTo: base),
            let url = try? HTTPURL(target.absoluteURL.absoluteString)
        else { return nil }
        var next = self
        next.url = url
        if status == 303 && method != "HEAD" || (status == 301 || status == 302) && method == "POST" {
            next.method = "GET"
            next.body = nil
            next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
        }
        if url.origin != self.url.origin {
            next.headers.removeAll { header in !HTTPMessage.portable.contains { header.isNamed($0) } }
        }
        return next
    }
}

extension HTTPURL {
    /// Steps that a server takes out together with what stands before them (RFC 3986, section 5.2.4), also where they are
    /// encoded.
    fileprivate var hasDotSegments: Bool {
        path.split(separator: "/").contains { step in
            [".", ".."].contains(step.lowercased().replacing("%2e", with: "."))
        }
    }
}

extension HTTPMessage.Header {
    /// Names of headers do not mind case.
    func isNamed(_ other: String) -> Bool { name.lowercased() == other.lowercased() }
}

/// All but RFC 3986's unreserved characters as `%XX`, so that a value can neither end its part of a URL nor begin
/// another.
private func percentEncoded(_ text: String) -> String { escaped(text, blank: "%20") }

/// As in a form, where a blank is a plus.
private func formEncoded(_ text: String) -> String { escaped(text, blank: "+") }

private func escaped(_ text: String, blank: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            result.unicodeScalars.append(Unicode.Scalar(byte))
        case UInt8(ascii: " "): result += blank
        default:
            result.append("%")
            result.append(digits[Int(byte >> 4)])
            result.append(digits[Int(byte & 0xF)])
        }
    }
    return result
}
