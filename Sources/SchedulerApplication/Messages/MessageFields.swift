import SchedulerDomain

/// The members of one object in a message; a missing or wrong one is reported with its path.
struct MessageFields {
    private let members: [String: JSONValue]
    /// Where the object stands, for example `payload[3]`; empty for the message itself.
    private let path: String

    init(_ value: JSONValue, path: String) throws(MessageError) {
        guard case .object(let members) = value else {
            throw .malformed("\(path.isEmpty ? "the message" : path) is \(value.kind) where an object is needed")
        }
        self.members = members
        self.path = path
    }

    func value(_ name: String) -> JSONValue? {
        switch members[name] {
        case nil, .null?: nil
        case let value?: value
        }
    }

    func string(_ name: String) throws(MessageError) -> String {
        guard let text = try optionalString(name) else { throw missing(name) }
        return text
    }

    func optionalString(_ name: String) throws(MessageError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw wrong(name, "is \(value.kind) where a string is needed") }
        return text
    }

    func integer(_ name: String) throws(MessageError) -> Int64 {
        guard let number = try optionalInteger(name) else { throw missing(name) }
        return number
    }

    func optionalInteger(_ name: String) throws(MessageError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard case .integer(let number) = value else {
            throw wrong(name, "is \(value.kind) where a whole number is needed")
        }
        return number
    }

    func instant(_ name: String) throws(MessageError) -> UTCInstant {
        guard let instant = try optionalInstant(name) else { throw missing(name) }
        return instant
    }

    func optionalInstant(_ name: String) throws(MessageError) -> UTCInstant? {
        guard let text = try optionalString(name) else { return nil }
        guard let instant = UTCInstant(text) else { throw wrong(name, "is not an RFC 3339 time") }
        return instant
    }

    /// A text that a type of ours can be made of: an identifier, a case.
    func parsed<Value>(
        _ name: String, _ what: String, _ parse: (String) -> Value?
    ) throws(MessageError) -> Value {
        guard let value = parse(try string(name)) else { throw wrong(name, "is not \(what)") }
        return value
    }

    func runID(_ name: String) throws(MessageError) -> RunID { try parsed(name, "a UUID") { RunID($0) } }

    func workerID(_ name: String) throws(MessageError) -> WorkerID { try parsed(name, "a UUID") { WorkerID($0) } }

    /// The objects of a list.
    func objects(_ name: String) throws(MessageError) -> [MessageFields] {
        guard let value = value(name) else { throw missing(name) }
        guard case .array(let elements) = value else { throw wrong(name, "is \(value.kind) where a list is needed") }
        var objects: [MessageFields] = []
        objects.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            objects.append(try MessageFields(element, path: "\(pathOf(name))[\(index)]"))
        }
        return objects
    }

    func object(_ name: String) throws(MessageError) -> MessageFields {
        guard let value = value(name) else { throw missing(name) }
        return try MessageFields(value, path: pathOf(name))
    }

    /// The texts of a list; none where it is absent.
    func strings(_ name: String) throws(MessageError) -> [String] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value else { throw wrong(name, "is \(value.kind) where a list is needed") }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count else { throw wrong(name, "holds something else than strings") }
        return texts
    }

    func wrong(_ name: String, _ fault: String) -> MessageError { .malformed("\(pathOf(name)) \(fault)") }

    private func missing(_ name: String) -> MessageError { wrong(name, "is missing") }

    private func pathOf(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
