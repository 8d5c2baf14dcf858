import SchedulerDomain

/// A bound value in PostgreSQL's binary form.
struct PostgresParameter: Sendable {
    let type: UInt32
    /// Nil is NULL.
    let bytes: [UInt8]?

    private init(_ type: UInt32, _ bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    static func bool(_ value: Bool) -> Self { Self(PostgresType.bool, [value ? 1 : 0]) }
    static func int4(_ value: Int?) -> Self { Self(PostgresType.int4, value.map { bigEndian(Int32(clamping: $0)) }) }
    static func int8(_ value: Int64?) -> Self { Self(PostgresType.int8, value.map(bigEndian)) }
    static func text(_ value: String?) -> Self { Self(PostgresType.text, value.map { Array($0.utf8) }) }
    static func uuid(_ bits: UInt128?) -> Self { Self(PostgresType.uuid, bits.map(bigEndian)) }

    static func instant(_ value: UTCInstant?) -> Self {
        Self(
            PostgresType.timestamptz,
            value.map { value in
                var bytes: [UInt8] = []
                bytes.append(timestamp: value)
                return bytes
            })
    }

    static func jsonb(_ value: JSONValue?) -> Self {
        Self(
            PostgresType.jsonb,
            value.map { value in
                var bytes: [UInt8] = []
                bytes.append(jsonb: value)
                return bytes
            })
    }

    /// JSON that is encoded already.
    static func jsonbTexts(_ values: [[UInt8]?]) -> Self {
        array(PostgresType.jsonbArray, of: PostgresType.jsonb, values) {
            $0.append(1)
            $0.append(contentsOf: $1)
        }
    }

    static func bools(_ values: [Bool]) -> Self {
        array(PostgresType.boolArray, of: PostgresType.bool, values) { $0.append($1 ? 1 : 0) }
    }

    static func int4s(_ values: [Int?]) -> Self {
        array(PostgresType.int4Array, of: PostgresType.int4, values) { $0.append(bigEndian: Int32(clamping: $1)) }
    }

    static func int8s(_ values: [Int64?]) -> Self {
        array(PostgresType.int8Array, of: PostgresType.int8, values) { $0.append(bigEndian: $1) }
    }

    static func texts(_ values: [String?]) -> Self {
        array(PostgresType.textArray, of: PostgresType.text, values) { $0.append(contentsOf: $1.utf8) }
    }

    static func optionalTexts(_ values: [String]?) -> Self {
        values.map { .texts($0) } ?? Self(PostgresType.textArray, nil)
    }

    static func uuids(_ values: [UInt128?]) -> Self {
        array(PostgresType.uuidArray, of: PostgresType.uuid, values) { $0.append(bigEndian: $1) }
    }

    static func instants(_ values: [UTCInstant?]) -> Self {
        array(PostgresType.timestamptzArray, of: PostgresType.timestamptz, values) { $0.append(timestamp: $1) }
    }

    static func jsonbs(_ values: [JSONValue?]) -> Self {
        array(PostgresType.jsonbArray, of: PostgresType.jsonb, values) { $0.append(jsonb: $1) }
    }

    /// The binary form of a one-dimensional array (`array_send`): dimensions, NULL flag, element type, length, lower
    /// bound; then each element with its length, -1 for NULL.
    ///
    /// An empty array has no dimension.
    private static func array<Value>(
        _ type: UInt32, of element: UInt32, _ values: [Value?], append: (inout [UInt8], Value) -> Void
    ) -> Self {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + values.count * 20)
        bytes.append(bigEndian: Int32(values.isEmpty ? 0 : 1))
        bytes.append(bigEndian: Int32(values.contains { $0 == nil } ? 1 : 0))
        bytes.append(bigEndian: element)
        guard !values.isEmpty else { return Self(type, bytes) }
        bytes.append(bigEndian: Int32(values.count))
        bytes.append(bigEndian: Int32(1))
        for value in values {
            guard let value else {
                bytes.append(bigEndian: Int32(-1))
                continue
            }
            let start = bytes.count
            bytes.append(bigEndian: Int32(0))
            append(&bytes, value)
            let length = UInt32(bytes.count - start - 4)
            for offset in 0..<4 { bytes[start + offset] = UInt8(truncatingIfNeeded: length >> UInt32(24 - offset * 8)) }
        }
        return Self(type, bytes)
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: value)
        return bytes
    }
}
