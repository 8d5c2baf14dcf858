import SchedulerDomain

/// The binary forms of single values (`*send` functions of PostgreSQL): big-endian, without length.
extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    mutating func append(timestamp instant: UTCInstant) {
        append(bigEndian: instant.microsecondsSinceEpoch - PostgresType.epochOffset)
    }

    /// Version 1 of the binary form of jsonb: its text.
    mutating func append(jsonb value: JSONValue) {
        append(1)
        value.write(into: &self)
    }
}
