import SchedulerDomain
import SchedulerErrors

/// Reads the columns of one row from left to right, in the order in which the statement lists them.
struct PostgresRowReader {
    private let rows: PostgresRows
    private let row: Int
    private var column = 0

    init(rows: PostgresRows, row: Int) {
        self.rows = rows
        self.row = row
    }

    mutating func int() throws -> Int { Int(try int64()) }
    mutating func int64() throws -> Int64 { try present(try optionalInt64()) }
    mutating func optionalInt() throws -> Int? { try optionalInt64().map(Int.init) }

    mutating func optionalInt64() throws -> Int64? {
        guard let bytes = next() else { return nil }
        guard bytes.count == 2 || bytes.count == 4 || bytes.count == 8 else { throw mismatch("an integer") }
        return integer(bytes)
    }

    mutating func bool() throws -> Bool {
        let bytes = try present(next())
        guard bytes.count == 1 else { throw mismatch("a boolean") }
        return bytes[0] != 0
    }

    mutating func text() throws -> String { try present(optionalText()) }
    mutating func optionalText() -> String? { next().map { String(decoding: $0, as: UTF8.self) } }

    mutating func uuid() throws -> UInt128 { try present(try optionalUUID()) }

    mutating func optionalUUID() throws -> UInt128? {
        guard let bytes = next() else { return nil }
        guard bytes.count == 16 else { throw mismatch("a UUID") }
        return UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self))
    }

    mutating func instant() throws -> UTCInstant { try present(try optionalInstant()) }

    mutating func optionalInstant() throws -> UTCInstant? {
        guard let bytes = next() else { return nil }
        guard bytes.count == 8 else { throw mismatch("a time") }
        return UTCInstant(microsecondsSinceEpoch: integer(bytes) + PostgresType.epochOffset)
    }

    /// The text of a jsonb value.
    mutating func optionalJSONText() throws -> String? {
        guard let bytes = next() else { return nil }
        guard bytes.first == 1 else { throw mismatch("jsonb") }
        return String(decoding: bytes.dropFirst(), as: UTF8.self)
    }

    mutating func optionalJSON() throws -> JSONValue? { try optionalJSONText().map { try JSONValue(parsing: $0) } }

    /// A value of an enumeration that is kept as text.
    mutating func value<Value: RawRepresentable<String>>(_ type: Value.Type = Value.self) throws -> Value {
        try present(try optionalValue(type))
    }

    mutating func optionalValue<Value: RawRepresentable<String>>(_ type: Value.Type = Value.self) throws -> Value? {
        guard let text = optionalText() else { return nil }
        guard let value = Value(rawValue: text) else { throw mismatch("one of \(Value.self)") }
        return value
    }

    /// A one-dimensional text array without NULLs.
    mutating func texts() throws -> [String] { try present(try optionalTexts()) }

    mutating func optionalTexts() throws -> [String]? {
        guard let bytes = next() else { return nil }
        guard bytes.count >= 12 else { throw mismatch("an array") }
        guard bytes.count > 12 else { return [] }
        let count = integer(UnsafeRawBufferPointer(rebasing: bytes[12..<16]))
        var texts: [String] = []
        var offset = 20
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { throw mismatch("an array") }
            let length = Int(integer(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 4])))
            offset += 4
            guard length >= 0, offset + length <= bytes.count else { throw mismatch("an array") }
            texts.append(String(decoding: bytes[offset..<offset + length], as: UTF8.self))
            offset += length
        }
        return texts
    }

    private mutating func next() -> UnsafeRawBufferPointer? {
        defer { column += 1 }
        return rows.bytes(row: row, column: column)
    }

    private func integer(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        switch bytes.count {
        case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        default: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        }
    }

    private func present<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw mismatch("a value, not NULL") }
        return value
    }

    private func mismatch(_ expected: String) -> SchedulerError {
        SchedulerError(
            .database, "column \(column) of a result is not \(expected); the schema differs from the program")
    }
}
