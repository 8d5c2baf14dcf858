private import CPostgres

/// The result of one statement; rows are read in the binary form.
///
/// It stays on the thread of its session.
final class PostgresRows {
    private let result: OpaquePointer
    let count: Int
    let columns: Int

    /// Takes the result over.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
        columns = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    /// Rows changed by a statement that returns none.
    var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// What was executed, for example `COMMIT`.
    var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    var isEmpty: Bool { count == 0 }

    /// Reads every row, columns from left to right.
    func map<Value>(_ read: (inout PostgresRowReader) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for row in 0..<count {
            var reader = PostgresRowReader(rows: self, row: row)
            values.append(try read(&reader))
        }
        return values
    }

    /// Reads the first row; nil where there is none.
    func first<Value>(_ read: (inout PostgresRowReader) throws -> Value) throws -> Value? {
        guard count > 0 else { return nil }
        var reader = PostgresRowReader(rows: self, row: 0)
        return try read(&reader)
    }

    /// The bytes of a value, valid as long as the result; nil for NULL.
    func bytes(row: Int, column: Int) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(result, Int32(row), Int32(column)) == 0 else { return nil }
        let length = Int(PQgetlength(result, Int32(row), Int32(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(result, Int32(row), Int32(column)), count: length)
    }
}
