import Foundation
import GRDB
import SchedulerDomain
import SchedulerErrors

/// Reads the columns of a row one after the other, in the order of the statement's column list.
struct SQLiteRowReader {
    private let row: Row
    private var index = 0

    init(_ row: Row) { self.row = row }

    mutating func text() throws -> String { try required(optionalText()) }
    mutating func integer() throws -> Int64 { try required(optionalInteger()) }
    mutating func int() throws -> Int { Int(try integer()) }
    mutating func instant() throws -> UTCInstant { try required(optionalInstant()) }
    mutating func runID() throws -> RunID { RunID(bits: try required(bits())) }
    mutating func workerID() throws -> WorkerID { WorkerID(bits: try required(bits())) }

    mutating func optionalText() -> String? { row[take()] }
    mutating func optionalInteger() -> Int64? { row[take()] }
    mutating func optionalInt() -> Int? { optionalInteger().map { Int($0) } }

    mutating func optionalInstant() -> UTCInstant? {
        optionalInteger().map { UTCInstant(microsecondsSinceEpoch: $0) }
    }

    mutating func optionalRunID() throws -> RunID? { try bits().map { RunID(bits: $0) } }
    mutating func optionalWorkerID() throws -> WorkerID? { try bits().map { WorkerID(bits: $0) } }

    /// A word of an enumeration.
    mutating func word<Word: RawRepresentable<String>>(_ type: Word.Type = Word.self) throws -> Word {
        try required(optionalWord(type))
    }

    mutating func optionalWord<Word: RawRepresentable<String>>(_ type: Word.Type = Word.self) throws -> Word? {
        try optionalText().map { try required(Word(rawValue: $0)) }
    }

    mutating func optionalJSON() throws -> JSONValue? { try optionalText().map { try JSONValue(parsing: $0) } }

    mutating func optionalValue<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        try optionalText().map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
    }

    mutating func value<Value: Decodable>(_ type: Value.Type) throws -> Value { try required(optionalValue(type)) }

    private mutating func bits() throws -> UInt128? {
        try row.withUnsafeData(atIndex: take()) { data in
            guard let data else { return nil }
            guard data.count == 16 else { throw unreadable }
            return data.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        }
    }

    private mutating func take() -> Int {
        defer { index += 1 }
        return index
    }

    private func required<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw unreadable }
        return value
    }

    private var unreadable: SchedulerError {
        SchedulerError(.database, "column \(index) of a row cannot be read; the database was changed by hand or is damaged")
    }
}

extension RunID {
    /// The 16 bytes in network order: the order of bytes is the order of identifiers.
    var blob: Data { SQLiteValue.blob(bits) }
}

extension WorkerID {
    var blob: Data { SQLiteValue.blob(bits) }
}

/// What goes into columns.
enum SQLiteValue {
    static func blob(_ bits: UInt128) -> Data { withUnsafeBytes(of: bits.bigEndian) { Data($0) } }

    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
}
