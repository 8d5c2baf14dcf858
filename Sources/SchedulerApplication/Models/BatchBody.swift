public import SchedulerDomain
import SchedulerErrors

/// The body of `POST /api/task-runs/batch`: `{"runs":[{"task_id":1,"arguments":[…]}, …]}`, or the list alone.
public struct BatchBody: Sendable {
    /// The most runs of one batch.
    public static let limit = 1_000

    public struct Entry: Sendable, Hashable {
        public var task: TaskID
        public var arguments: [JSONValue]?

        public init(task: TaskID, arguments: [JSONValue]? = nil) {
            self.task = task
            self.arguments = arguments
        }
    }

    public let entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// - Throws: `validation` with the faults of the body, at most 100 of them.
    public init(_ json: JSONValue) throws {
        if case .array(let elements) = json {
            try self.init(elements: elements)
            return
        }
        var reader = try BodyReader(json)
        var elements: [JSONValue]?
        if !reader.names("runs") { reader.fault("runs", "is missing") }
        reader.read("runs", into: &elements, .values)
        let faults = reader.finish()
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        try self.init(elements: elements ?? [])
    }

    private init(elements: [JSONValue]) throws {
        var entries: [Entry] = []
        entries.reserveCapacity(elements.count)
        var faults: [SchedulerError.FieldFault] = []
        for (index, element) in elements.enumerated() {
            if let entry = BatchBody.plainEntry(element) {
                entries.append(entry)
            } else if faults.count < 100 {
                faults += BatchBody.faults(of: element, path: "runs.\(index)")
            }
        }
        guard faults.isEmpty else { throw SchedulerError.invalid(Array(faults.prefix(100))) }
        self.entries = entries
    }

    /// Reads an entry without faults at little cost; nil where it has one.
    private static func plainEntry(_ json: JSONValue) -> Entry? {
        guard case .object(let members) = json, case .integer(let id)? = members["task_id"], id > 0 else { return nil }
        if members.count == 1 { return Entry(task: TaskID(id)) }
        guard members.count == 2, let arguments = members["arguments"], !arguments.containsNUL else { return nil }
        switch arguments {
        case .null: return Entry(task: TaskID(id))
        case .array(let arguments): return Entry(task: TaskID(id), arguments: arguments)
        default: return nil
        }
    }

    private static func faults(of json: JSONValue, path: String) -> [SchedulerError.FieldFault] {
        guard var reader = try? BodyReader(json, path: path) else {
            return [.init(field: path, message: BodyFault.wrongKind(json, "an object").message)]
        }
        if !reader.names("task_id") { reader.fault("task_id", "is missing") }
        var task: Int64 = 0
        reader.readRequired("task_id", into: &task, .integer(1...Int64.max))
        _ = reader.read("arguments", .values)
        return reader.finish()
    }
}
