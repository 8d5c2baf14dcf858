/// Why and where a text is not JSON.
public struct JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, for example `a comma or "}" should be here`.
    public let reason: String
    /// How many bytes come before the fault.
    public let offset: Int
    /// The line of the fault, from 1.
    public let line: Int
    /// The byte in that line, from 1.
    public let column: Int

    public init(reason: String, offset: Int, line: Int, column: Int) {
        self.reason = reason
        self.offset = offset
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column): \(reason)" }
}
