import SchedulerDomain
import SchedulerErrors

/// Reads the members of one object of a body and gathers every fault, so that one answer names them all.
struct BodyReader {
    private let members: [String: JSONValue]
    /// What precedes a member's name in a fault, for example `retry_policy.`.
    private let prefix: String
    private var known: Set<String> = []
    private(set) var faults: [SchedulerError.FieldFault] = []

    /// - Throws: `validation` where the value is not an object.
    init(_ json: JSONValue, path: String = "") throws {
        guard case .object(let members) = json else {
            throw SchedulerError.invalid(path.isEmpty ? "body" : path, "is \(json.kind); an object is expected")
        }
        self.members = members
        prefix = path.isEmpty ? "" : path + "."
    }

    /// Whether the body has the member, be it null.
    func names(_ name: String) -> Bool { members[name] != nil }

    /// Whether none of the members has a fault so far.
    func isSound(_ names: String...) -> Bool {
        !faults.contains { fault in
            names.contains { fault.field == prefix + $0 || fault.field.hasPrefix(prefix + $0 + ".") }
        }
    }

    /// Sets the target to the member's value, or to `fallback` where the body says null; leaves it alone where the
    /// body does not name the member.
    mutating func read<Value>(_ name: String, into target: inout Value, orNull fallback: Value, _ rule: BodyRule<Value>)
    {
        guard let value = take(name) else { return }
        if value == .null { target = fallback } else if let value = parse(name, value, rule) { target = value }
    }

    /// As the other form, for a member that may be absent; null empties it.
    mutating func read<Value>(_ name: String, into target: inout Value?, _ rule: BodyRule<Value>) {
        guard let value = take(name) else { return }
        if value == .null { target = nil } else if let value = parse(name, value, rule) { target = value }
    }

    /// Sets the target to the member's value, which must not be null.
    mutating func readRequired<Value>(_ name: String, into target: inout Value, _ rule: BodyRule<Value>) {
        guard let value = take(name) else { return }
        if let value = parse(name, value, rule) { target = value }
    }

    /// Reports what is wrong with the member, null included, where the body names it.
    mutating func check<Value>(_ name: String, _ rule: BodyRule<Value>) {
        guard let value = take(name) else { return }
        _ = parse(name, value, rule)
    }

    /// Returns the member's value; nil where it is absent, null or at fault.
    mutating func read<Value>(_ name: String, _ rule: BodyRule<Value>) -> Value? {
        var value: Value?
        read(name, into: &value, rule)
        return value
    }

    /// Marks members as known but not to be set by the caller, and reports those that the body names.
    mutating func refuse(_ names: [String], _ message: String) {
        for name in names where members[name] != nil {
            known.insert(name)
            fault(name, message)
        }
    }

    mutating func fault(_ name: String, _ message: String) {
        faults.append(.init(field: prefix + name, message: message))
    }

    mutating func fault(_ faults: [SchedulerError.FieldFault]) { self.faults += faults }

    /// Reports the members that nobody read.
    mutating func finish() -> [SchedulerError.FieldFault] {
        for name in members.keys.sorted() where !known.contains(name) { fault(name, "is not a known field") }
        return faults
    }

    private mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = members[name] else { return nil }
        guard !value.containsNUL else {
            fault(name, "holds a NUL character, which cannot be stored")
            return nil
        }
        return value
    }

    private mutating func parse<Value>(_ name: String, _ value: JSONValue, _ rule: BodyRule<Value>) -> Value? {
        switch rule.parse(value, prefix + name) {
        case .value(let value): return value
        case .faults(let faults):
            self.faults += faults
            return nil
        }
    }
}
