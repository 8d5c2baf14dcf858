/// One step of the schema.
struct PostgresMigration: Sendable, Hashable {
    let version: Int
    let name: String
    let up: String
    let down: String

    /// Tells whether an applied migration is still the one that the program carries (FNV-1a, 64 bits).
    var checksum: String {
        let hash = up.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
