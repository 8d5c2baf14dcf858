import SchedulerErrors

/// An adapter does not do what its port says.
///
/// A plain error and not an assertion of a test library, so that adapters elsewhere can use the contracts under any,
/// and programs that link this module do not link one.
public struct ContractViolation: Error, CustomStringConvertible {
    public let description: String
}

/// Throws unless the condition holds.
func expect(
    _ condition: Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) throws {
    guard !condition else { return }
    throw ContractViolation(description: "\(sentence()) (\(file):\(line))")
}

/// Throws unless both are equal.
func expectEqual<Value: Equatable>(
    _ actual: Value, _ expected: Value, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws {
    try expect(actual == expected, "\(what) is \(actual), expected \(expected)", file: file, line: line)
}

/// Throws unless the body throws a `SchedulerError` of the code.
func expectError(
    _ code: SchedulerError.Code, _ what: String, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let error as SchedulerError {
        return try expectEqual(error.code, code, "the error of \(what)", file: file, line: line)
    }
    throw ContractViolation(description: "\(what) did not throw \(code) (\(file):\(line))")
}

/// Returns the value, or throws where there is none.
func require<Value>(
    _ value: Value?, _ what: String, file: StaticString = #fileID, line: UInt = #line
) throws -> Value {
    guard let value else { throw ContractViolation(description: "\(what) is missing (\(file):\(line))") }
    return value
}
