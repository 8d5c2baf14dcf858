package import SchedulerDomain
import SchedulerErrors

extension BodyRule where Value == [TaskDependency] {
    /// The most tasks that one task may depend on.
    private static var limit: Int { 100 }

    /// A list of `{"task_id":1,"condition":"on_success"}`; a bare id means `on_success`.
    static let dependencies = BodyRule { value, path in
        switch BodyRule<[TaskDependency]>.list(of: .dependency).parse(value, path) {
        case .faults(let faults): return .faults(faults)
        case .value(let dependencies):
            guard dependencies.count <= limit else {
                return .faults([
                    .init(field: path, message: "has \(dependencies.count) entries; at most \(limit) are allowed")
                ])
            }
            var seen: Set<TaskID> = []
            let twice = dependencies.enumerated().filter { !seen.insert($0.element.upstream).inserted }
            guard twice.isEmpty else {
                return .faults(
                    twice.map { index, dependency in
                        .init(field: "\(path).\(index).task_id", message: "task \(dependency.upstream) is there twice")
                    })
            }
            return .value(dependencies)
        }
    }
}

extension BodyRule where Value == TaskDependency {
    fileprivate static let dependency = BodyRule { value, path in
        guard case .object = value else {
            switch BodyRule<TaskID>.taskID.parse(value, path) {
            case .value(let task): return .value(TaskDependency(on: task))
            case .faults(let faults): return .faults(faults)
            }
        }
        do {
            var reader = try BodyReader(value, path: path)
            if !reader.names("task_id") { reader.fault("task_id", "is missing") }
            var dependency = TaskDependency(on: TaskID(0))
            reader.readRequired("task_id", into: &dependency.upstream, .taskID)
            reader.read(
                "condition", into: &dependency.condition, orNull: .onSuccess,
                .word(of: TaskDependency.Condition.allCases))
            let faults = reader.finish()
            return faults.isEmpty ? .value(dependency) : .faults(faults)
        } catch {
            return .faults([.init(field: path, message: BodyFault.wrongKind(value, "an object").message)])
        }
    }
}

extension BodyRule where Value == TaskID {
    /// A whole number from 1, also as a string of digits.
    fileprivate static let taskID = BodyRule { value in
        let id: Int64? =
            switch value {
            case .integer(let id): id
            case .string(let text) where text.utf8.allSatisfy({ (0x30...0x39).contains($0) }): Int64(text)
            default: nil
            }
        guard let id, id > 0 else { return .failure(BodyFault("is not the id of a task, which is a whole number")) }
        return .success(TaskID(id))
    }
}

extension JSONWriter {
    package mutating func value(_ dependency: TaskDependency) {
        object { writer in
            writer.field("task_id", dependency.upstream.rawValue)
            writer.field("condition", dependency.condition.rawValue)
        }
    }
}
