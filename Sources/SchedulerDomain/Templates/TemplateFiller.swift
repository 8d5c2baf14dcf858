/// Fills templates with the values of one attempt, up to a limit for all of them together.
///
/// A template is short and what it asks for may be long, so that only a limit keeps a small configuration from becoming
/// gigabytes.
public struct TemplateFiller: Sendable {
    /// How many bytes all texts of one attempt may have together.
    public static let sizeLimit = 8 * 1_024 * 1_024

    private let run: RunContext
    private var left: Int

    public init(_ run: RunContext, limit: Int = sizeLimit) {
        self.run = run
        left = limit
    }

    /// Returns the text with every value as text: strings as they are, null as nothing, all else as JSON.
    ///
    /// - Parameter encode: what becomes of a value before it is set in, for example percent-encoding.
    /// - Throws: `TemplateFault` for a value that there is not; what `encode` throws.
    public mutating func fill(
        _ template: Template, _ encode: (String) throws -> String = { $0 }
    ) throws -> String {
        var result = ""
        for part in template.parts {
            let text: String
            switch part {
            case .text(let plain): text = plain
            case .place(let place): text = try encode(try value(of: place).plainText)
            }
            try take(text.utf8.count)
            result += text
        }
        return result
    }

    /// Returns the JSON with the templates in its strings filled.
    ///
    /// A string that is one template alone takes the value's own type. Names of members are left as they are.
    public mutating func fill(_ json: JSONValue) throws -> JSONValue {
        switch json {
        case .null, .bool, .integer, .number: return json
        case .string(let text):
            let template = try Template(parsing: text)
            guard let place = template.only else { return .string(try fill(template)) }
            let value = try value(of: place)
            try take(value.text.utf8.count)
            return value
        case .array(let elements):
            var filled: [JSONValue] = []
            for element in elements { filled.append(try fill(element)) }
            return .array(filled)
        case .object(let members):
            var filled: [String: JSONValue] = [:]
            for (name, value) in members { filled[name] = try fill(value) }
            return .object(filled)
        }
    }

    private mutating func take(_ bytes: Int) throws(TemplateFault) {
        left -= bytes
        guard left >= 0 else { throw TemplateFault("the templates' values are too large together") }
    }

    private func value(of place: Template.Place) throws(TemplateFault) -> JSONValue {
        switch place {
        case .runID: return .string("\(run.attempt.run)")
        case .attempt: return .integer(Int64(run.attempt.attempt))
        case .taskID: return .integer(run.task.rawValue)
        case .taskName: return .string(run.spec.name)
        case .fireTime: return .string("\(run.scheduledAt)")
        case .argument(let position):
            guard run.spec.arguments.indices.contains(position) else {
                throw TemplateFault("\"{{\(place.name)}}\": the run has \(run.spec.arguments.count) arguments")
            }
            return run.spec.arguments[position]
        case .upstream(let words): return try upstream(words, place)
        }
    }

    /// A name may hold dots itself, so the longest one that fits is meant; a number is a task's where none has it as
    /// its name.
    private func upstream(_ words: String, _ place: Template.Place) throws(TemplateFault) -> JSONValue {
        func fits(_ name: String) -> Bool { words == name || words.hasPrefix(name + ".") }
        let byName = run.upstreams.filter { fits($0.taskName) }.max { $0.taskName.count < $1.taskName.count }
        let found: (result: UpstreamResult, name: String)
        if let byName {
            found = (byName, byName.taskName)
        } else if let byNumber = run.upstreams.first(where: { fits("\($0.task)") }) {
            found = (byNumber, "\(byNumber.task)")
        } else {
            throw TemplateFault("\"{{\(place.name)}}\": the run waited for no such task")
        }
        guard !found.result.isOmitted else {
            throw TemplateFault("\"{{\(place.name)}}\": the result is too large to be passed on")
        }
        let path = words.dropFirst(found.name.count + 1)
        guard let value = found.result.result?.value(at: path) else {
            throw TemplateFault("\"{{\(place.name)}}\": the result holds no such value")
        }
        return value
    }
}

extension JSONValue {
    /// The value at a path of names and positions, such as `rows.0.id`; the empty path is the value itself.
    fileprivate func value(at path: Substring) -> JSONValue? {
        guard !path.isEmpty else { return self }
        var value = self
        for step in path.split(separator: ".", omittingEmptySubsequences: false) {
            switch value {
            case .object(let members):
                guard let member = members[String(step)] else { return nil }
                value = member
            case .array(let elements):
                guard let position = Int(step), elements.indices.contains(position) else { return nil }
                value = elements[position]
            default: return nil
            }
        }
        return value
    }

    /// Strings as they are, null as nothing, all else as JSON.
    public var plainText: String {
        switch self {
        case .string(let text): text
        case .null: ""
        default: text
        }
    }
}
