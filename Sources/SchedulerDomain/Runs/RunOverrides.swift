/// What a trigger changes for one run; nil keeps what the task says.
public struct RunOverrides: Sendable, Hashable, Codable {
    public var arguments: [JSONValue]?
    public var environment: [String: String]?
    public var config: JSONValue?
    public var priority: Priority?

    public init(
        arguments: [JSONValue]? = nil,
        environment: [String: String]? = nil,
        config: JSONValue? = nil,
        priority: Priority? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.config = config
        self.priority = priority
    }

    public static let none = RunOverrides()
    public var isEmpty: Bool { self == .none }

    /// The task as this run executes it: arguments, configuration and priority replaced, environment merged.
    public func applied(to spec: TaskSpec) -> TaskSpec {
        var spec = spec
        if let arguments { spec.arguments = arguments }
        if let environment { spec.environment.merge(environment) { _, override in override } }
        if let config { spec.config = config }
        if let priority { spec.priority = priority }
        return spec
    }
}
