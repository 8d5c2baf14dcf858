/// Object identifiers of the types that we send and read; fixed by PostgreSQL (`pg_type.dat`).
enum PostgresType {
    static let bool: UInt32 = 16
    static let int8: UInt32 = 20
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let timestamptz: UInt32 = 1_184
    static let uuid: UInt32 = 2_950
    static let jsonb: UInt32 = 3_802

    static let boolArray: UInt32 = 1_000
    static let int4Array: UInt32 = 1_007
    static let textArray: UInt32 = 1_009
    static let int8Array: UInt32 = 1_016
    static let timestamptzArray: UInt32 = 1_185
    static let uuidArray: UInt32 = 2_951
    static let jsonbArray: UInt32 = 3_807

    /// PostgreSQL counts microseconds from 2000-01-01; this is that day in ours.
    static let epochOffset: Int64 = 946_684_800_000_000
}
