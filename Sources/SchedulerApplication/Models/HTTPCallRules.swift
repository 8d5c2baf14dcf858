import SchedulerDomain
import SchedulerErrors

/// What the configuration of an `http` task may hold.
enum HTTPCallRules {
    /// Returns every fault of the configuration; `path` is the field that holds it.
    static func faults(of config: JSONValue, path: String) -> [SchedulerError.FieldFault] {
        guard case .object = config, var reader = try? BodyReader(config, path: path) else {
            return [.init(field: path, message: BodyFault.wrongKind(config, "an object").message)]
        }
        if config["url"] == nil { reader.fault("url", "is missing") }
        // Null is no value here: an executor would have to guess what is meant.
        reader.check("url", .httpURL)
        reader.check("method", .httpMethod)
        reader.check("headers", .httpHeaders)
        reader.check("body", .any)
        reader.check("timeout_seconds", BodyRule<Int>.integer(1...86_400))
        reader.check("expected_status", .statuses)
        reader.check("retry_on_status_codes", .statuses)
        return reader.finish()
    }
}

extension BodyRule where Value == JSONValue {
    /// Any value at all.
    static let any = BodyRule { .success($0) }
}

extension BodyRule where Value == [Int] {
    /// One HTTP status or a list of them.
    static let statuses = BodyRule { value, path in
        if case .array = value { return list(of: .integer(100...599)).parse(value, path) }
        switch BodyRule<Int>.integer(100...599).parse(value, path) {
        case .value(let status): return .value([status])
        case .faults(let faults): return .faults(faults)
        }
    }
}

extension BodyRule where Value == String {
    /// An absolute http or https URL in printable ASCII, so that it can neither split a header nor look like another
    /// host to another reader.
    static let httpURL = BodyRule { value in
        guard let text = value.string else { return .failure(.wrongKind(value, "a URL")) }
        guard text.utf8.count <= 8_192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else {
            return .failure(BodyFault("must be printable ASCII without spaces; percent-encode everything else"))
        }
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else {
            return .failure(BodyFault("must begin with http:// or https://"))
        }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else {
            return .failure(BodyFault("must not hold a user name or password; send them in headers"))
        }
        guard isHostAndPort(authority) else { return .failure(BodyFault("names no valid host and port")) }
        return .success(text)
    }

    private static func isHostAndPort(_ authority: Substring) -> Bool {
        var rest = authority
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]"), end > rest.index(after: rest.startIndex) else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            let host = rest.prefix { $0 != ":" }
            guard !host.isEmpty else { return false }
            rest = rest[host.endIndex...]
        }
        if rest.isEmpty { return true }
        guard rest.first == ":", let port = Int(rest.dropFirst()), rest.dropFirst().allSatisfy(\.isNumber)
        else { return false }
        return (1...65_535).contains(port)
    }

    static let httpMethod = BodyRule { value in
        let allowed = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
        guard let method = value.string, allowed.contains(method) else {
            return .failure(BodyFault("must be one of \(allowed.joined(separator: ", "))"))
        }
        return .success(method)
    }
}

extension BodyRule where Value == [String: String] {
    /// Header names are tokens, values have no line breaks (RFC 9110, sections 5.1 and 5.5).
    static let httpHeaders = BodyRule { value, path in
        let names = texts("header name") { name in
            !name.isEmpty
                && name.utf8.allSatisfy { byte in "!#$%&'*+-.^_`|~".utf8.contains(byte) || isAlphanumeric(byte) }
        }
        let parsed = names.parse(value, path)
        guard case .value(let headers) = parsed else { return parsed }
        let faults = headers.sorted { $0.key < $1.key }.filter { header in
            header.value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
        }
        guard faults.isEmpty else {
            return .faults(
                faults.map { .init(field: "\(path).\($0.key)", message: "must not hold control characters") })
        }
        return parsed
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
