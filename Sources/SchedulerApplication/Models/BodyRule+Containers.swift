import SchedulerDomain
import SchedulerErrors

extension BodyRule where Value == JSONValue {
    static let object = BodyRule { value in
        value.object == nil ? .failure(.wrongKind(value, "an object")) : .success(value)
    }
}

extension BodyRule where Value == [JSONValue] {
    static let values = BodyRule { value in
        value.array.map { .success($0) } ?? .failure(.wrongKind(value, "a list"))
    }
}

extension BodyRule {
    /// A list each of whose elements keeps a rule; every element at fault is named (`tags.2`).
    static func list<Element>(of rule: BodyRule<Element>) -> BodyRule where Value == [Element] {
        BodyRule { value, path in
            guard let elements = value.array else { return .fault(value, path, "a list") }
            var result: [Element] = []
            var faults: [SchedulerError.FieldFault] = []
            for (index, element) in elements.enumerated() {
                switch rule.parse(element, "\(path).\(index)") {
                case .value(let element): result.append(element)
                case .faults(let more): faults += more
                }
            }
            return faults.isEmpty ? .value(result) : .faults(faults)
        }
    }
}

extension BodyRule where Value == [String: String] {
    /// An object of texts; `isName` says which keys are allowed, `kind` what they are.
    static func texts(_ kind: String, isName: @escaping @Sendable (String) -> Bool) -> BodyRule {
        BodyRule { value, path in
            guard let members = value.object else { return .fault(value, path, "an object") }
            var faults: [SchedulerError.FieldFault] = []
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                if !isName(name) {
                    faults.append(.init(field: path, message: "\"\(name)\" is not a valid \(kind)"))
                } else if value.string == nil {
                    faults.append(
                        .init(field: "\(path).\(name)", message: BodyFault.wrongKind(value, "a string").message))
                }
            }
            return faults.isEmpty ? .value(members.compactMapValues(\.string)) : .faults(faults)
        }
    }

    /// The environment of a task: names that a process can have.
    static let environment = texts("name of an environment variable (not empty, without \"=\")") { name in
        !name.isEmpty && !name.contains("=")
    }
}

extension BodyRule.Parsed {
    fileprivate static func fault(_ value: JSONValue, _ path: String, _ expected: String) -> Self {
        .faults([.init(field: path, message: BodyFault.wrongKind(value, expected).message)])
    }
}
