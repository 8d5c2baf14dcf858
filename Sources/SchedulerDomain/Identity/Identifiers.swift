/// The number of a task, unique in one store.
public struct TaskID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    public var description: String { String(rawValue) }
    public static func < (lhs: TaskID, rhs: TaskID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// The short name of a tenant; every row belongs to one.
public struct TenantID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The tenant that exists from the start.
    public static let `default` = TenantID("default")

    public var description: String { rawValue }
    public static func < (lhs: TenantID, rhs: TenantID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// The identifier of a run: a UUID of version 7, so that ids are in the order of their creation.
///
/// - SeeAlso: RFC 9562, section 5.7.
public struct RunID: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let bits: UInt128

    public init(bits: UInt128) { self.bits = bits }

    public init?(_ description: String) {
        guard let bits = UUIDBits.parse(description) else { return nil }
        self.bits = bits
    }

    /// A version 7 identifier of the given time.
    public init(at instant: UTCInstant, random: inout some RandomNumberGenerator) {
        let milliseconds = UInt128(UInt64(clamping: max(0, instant.millisecondsSinceEpoch)) & 0xFFFF_FFFF_FFFF)
        let high = UInt128(random.next() & 0xFFF) | 0x7000
        let low = UInt128(random.next() & 0x3FFF_FFFF_FFFF_FFFF) | UInt128(0x8000_0000_0000_0000)
        bits = milliseconds << 80 | high << 64 | low
    }

    /// A version 7 identifier of the given time with what `Chance` gives.
    public init(at instant: UTCInstant) {
        var chance = Chance()
        self.init(at: instant, random: &chance)
    }

    /// The smallest identifier of a time: every run created at or after `instant` sorts at or above it.
    public static func lowest(at instant: UTCInstant) -> RunID {
        RunID(bits: UInt128(UInt64(clamping: max(0, instant.millisecondsSinceEpoch)) & 0xFFFF_FFFF_FFFF) << 80)
    }

    public var description: String { UUIDBits.text(bits) }
    public static func < (lhs: RunID, rhs: RunID) -> Bool { lhs.bits < rhs.bits }
}

/// The identifier of one worker process: fresh at every start, never a host name.
public struct WorkerID: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let bits: UInt128

    public init(bits: UInt128) { self.bits = bits }

    public init?(_ description: String) {
        guard let bits = UUIDBits.parse(description) else { return nil }
        self.bits = bits
    }

    /// A fresh identifier.
    public static func fresh(at instant: UTCInstant) -> WorkerID { WorkerID(bits: RunID(at: instant).bits) }

    public var description: String { UUIDBits.text(bits) }
    public static func < (lhs: WorkerID, rhs: WorkerID) -> Bool { lhs.bits < rhs.bits }
}

extension RunID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = RunID(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a UUID")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension WorkerID: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(bits: try RunID(from: decoder).bits)
    }

    public func encode(to encoder: any Encoder) throws {
        try RunID(bits: bits).encode(to: encoder)
    }
}
