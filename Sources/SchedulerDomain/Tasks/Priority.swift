/// How urgent a task's runs are among all that are due.
public enum Priority: String, Sendable, Codable, CaseIterable, Comparable {
    case low, normal, high, critical

    /// 0 (low) to 3 (critical); what stores keep and sort by.
    public var level: Int {
        switch self {
        case .low: 0
        case .normal: 1
        case .high: 2
        case .critical: 3
        }
    }

    /// Nil for a number outside 0–3.
    public init?(level: Int) {
        guard let priority = Priority.allCases.first(where: { $0.level == level }) else { return nil }
        self = priority
    }

    public static func < (lhs: Priority, rhs: Priority) -> Bool { lhs.level < rhs.level }
}
