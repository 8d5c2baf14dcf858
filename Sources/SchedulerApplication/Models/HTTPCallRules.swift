import SchedulerDomain
import SchedulerErrors

extension BodyRule where Value == JSONValue {
    /// Any value at all.
    static let any = BodyRule { .success($0) }
}

extension BodyRule where Value == Set<Int> {
    /// One HTTP status, a class of them such as `"2xx"`, or a list of both.
    static let statuses = BodyRule { value, path in
        let elements = value.array ?? [value]
        var statuses: Set<Int> = []
        var faults: [SchedulerError.FieldFault] = []
        for (index, element) in elements.enumerated() {
            if let range = range(element) {
                statuses.formUnion(range)
            } else {
                let field = value.array == nil ? path : "\(path).\(index)"
                faults.append(
                    .init(field: field, message: "must be a status from 100 to 599, or a class such as \"2xx\""))
            }
        }
        return faults.isEmpty ? .value(statuses) : .faults(faults)
    }

    private static func range(_ value: JSONValue) -> ClosedRange<Int>? {
        if let status = value.integer, (100...599).contains(status) { return Int(status)...Int(status) }
        guard let word = value.string?.lowercased(), word.hasSuffix("xx"), let digit = Int(word.dropLast(2)),
            (1...5).contains(digit)
        else { return nil }
        return digit * 100...digit * 100 + 99
    }
}

extension BodyRule where Value == Duration {
    /// A number of seconds above 0, fractions allowed.
    static func seconds(upTo limit: Double) -> BodyRule {
        BodyRule { value in
            let seconds: Double
            switch value {
            case .integer(let whole): seconds = Double(whole)
            case .number(let number): seconds = number
            default: return .failure(.wrongKind(value, "a number"))
            }
            guard seconds > 0, seconds <= limit else {
                return .failure(BodyFault("must be above 0 and at most \(Int(limit))"))
            }
            return .success(.seconds(seconds))
        }
    }
}

extension BodyRule where Value == Template {
    /// A template whose text is an HTTP URL whatever stands in its places.
    static let httpURL = BodyRule { value, path in
        guard let text = value.string else {
            return .faults([.init(field: path, message: BodyFault.wrongKind(value, "a URL").message)])
        }
        let template: Template
        switch Template.read(text, path) {
        case .value(let value): template = value
        case .faults(let faults): return .faults(faults)
        }
        do throws(HTTPURLFault) {
            // A digit is good as a part of a host, a port, a path and a query.
            _ = try HTTPURL(template.filled(with: "1"))
            return .value(template)
        } catch {
            return .faults([.init(field: path, message: error.message)])
        }
    }
}

extension Template {
    fileprivate static func read(_ text: String, _ path: String) -> BodyRule<Template>.Parsed {
        do throws(TemplateFault) {
            return .value(try Template(parsing: text))
        } catch {
            return .faults([.init(field: path, message: error.message)])
        }
    }
}

extension BodyRule where Value == String {
    static let httpMethod = BodyRule { value in
        let allowed = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
        guard let method = value.string?.uppercased(), allowed.contains(method) else {
            return .failure(BodyFault("must be one of \(allowed.joined(separator: ", "))"))
        }
        return .success(method)
    }
}

extension BodyRule where Value == [HTTPCall.Header] {
    /// Header names are tokens, values have no line breaks (RFC 9110, sections 5.1 and 5.5).
    static let httpHeaders = BodyRule { value, path in
        let names = BodyRule<[String: String]>.texts("header name") { name in
            !name.isEmpty
                && name.utf8.allSatisfy { byte in "!#$%&'*+-.^_`|~".utf8.contains(byte) || isAlphanumeric(byte) }
        }
        let parsed: [String: String]
        switch names.parse(value, path) {
        case .value(let value): parsed = value
        case .faults(let faults): return .faults(faults)
        }
        var headers: [HTTPCall.Header] = []
        var faults: [SchedulerError.FieldFault] = []
        for (name, text) in parsed.sorted(by: { $0.key < $1.key }) {
            guard HTTPCall.Header.isValue(text) else {
                faults.append(.init(field: "\(path).\(name)", message: "must not hold control characters"))
                continue
            }
            switch Template.read(text, "\(path).\(name)") {
            case .value(let template): headers.append(.init(name: name, value: template))
            case .faults(let more): faults += more
            }
        }
        return faults.isEmpty ? .value(headers) : .faults(faults)
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

extension HTTPCall.Header {
    /// Whether a text may be a header's value: no control characters but tabs, so that it cannot end the line.
    package static func isValue(_ text: String) -> Bool {
        !text.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
    }
}

extension BodyRule where Value == HTTPCall.Body {
    /// A string is sent as it is, any other value as JSON.
    static let httpBody = BodyRule { value, path in
        if let text = value.string {
            switch Template.read(text, path) {
            case .value(let template): return .value(.raw(template))
            case .faults(let faults): return .faults(faults)
            }
        }
        let faults = templateFaults(value, path)
        return faults.isEmpty ? .value(.json(value)) : .faults(faults)
    }

    private static func templateFaults(_ value: JSONValue, _ path: String) -> [SchedulerError.FieldFault] {
        switch value {
        case .null, .bool, .integer, .number: return []
        case .string(let text):
            if case .faults(let faults) = Template.read(text, path) { return faults }
            return []
        case .array(let elements):
            return elements.enumerated().flatMap { templateFaults($0.element, "\(path).\($0.offset)") }
        case .object(let members):
            return members.sorted { $0.key < $1.key }.flatMap { templateFaults($0.value, "\(path).\($0.key)") }
        }
    }

    /// An object of strings, numbers and booleans.
    static let httpForm = BodyRule { value, path in
        guard let members = value.object else {
            return .faults([.init(field: path, message: BodyFault.wrongKind(value, "an object").message)])
        }
        var fields: [HTTPCall.FormField] = []
        var faults: [SchedulerError.FieldFault] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .string(let text):
                switch Template.read(text, "\(path).\(name)") {
                case .value(let template): fields.append(.init(name: name, value: template))
                case .faults(let more): faults += more
                }
            case .integer, .number, .bool: fields.append(.init(name: name, value: Template(plain: value.text)))
            case .null, .array, .object:
                let message = BodyFault.wrongKind(value, "a string, a number or a boolean").message
                faults.append(.init(field: "\(path).\(name)", message: message))
            }
        }
        return faults.isEmpty ? .value(.form(fields)) : .faults(faults)
    }
}
