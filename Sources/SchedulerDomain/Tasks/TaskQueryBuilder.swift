/// Assembles the WHERE, ORDER BY and LIMIT of a list.
///
/// The only place that puts SQL text together; values are bound, never spliced, and columns come from code, never from
/// a caller.
public struct TaskQueryBuilder: Sendable {
    /// A value to bind, in the order of its placeholder.
    public enum Parameter: Sendable, Hashable {
        case text(String)
        case integer(Int64)
        case run(RunID)
    }

    public enum Comparison: String, Sendable {
        case equal = "="
        case less = "<"
    }

    public private(set) var parameters: [Parameter] = []
    private var conditions: [String] = []
    private var order = ""

    public init() {}

    /// Keeps rows whose column compares so; a nil value sets no condition.
    public mutating func filter(_ column: StaticString, _ comparison: Comparison = .equal, _ value: Parameter?) {
        guard let value else { return }
        conditions.append("\(column) \(comparison.rawValue) \(bind(value))")
    }

    /// Keeps rows for which a fixed condition holds.
    public mutating func filter(_ condition: StaticString) { conditions.append("\(condition)") }

    /// Newest first; one row more than the page holds, so that the reader sees whether another page follows.
    public mutating func page(descendingBy column: StaticString, limit: Int) {
        order = " ORDER BY \(column) DESC LIMIT \(bind(.integer(Int64(limit) + 1)))"
    }

    /// The text that follows `FROM …`.
    ///
    /// Placeholders are `$1`, `$2` …, which both dialects read.
    public var text: String {
        (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")) + order
    }

    private mutating func bind(_ value: Parameter) -> String {
        parameters.append(value)
        return "$\(parameters.count)"
    }
}
