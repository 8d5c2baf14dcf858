/// Keeps what nobody could handle, for people to look at: parked messages, and runs that took too many workers down.
public protocol DeadLetterRepository: Sendable {
    /// Adds parked messages; a copy of one that is there already is skipped, so that an unknown outcome can be repeated.
    ///
    /// - Returns: how many are new.
    func add(_ letters: [ParkedLetter]) async throws -> Int

    /// Returns one page, newest first.
    ///
    /// - Parameter before: the id behind which it begins; nil: the newest.
    func deadLetters(before: Int64?, limit: Int) async throws -> Page<DeadLetter>

    /// How many are kept.
    func countDeadLetters() async throws -> Int

    /// Deletes what is older than `age`, and the oldest of more than `most`.
    ///
    /// - Parameter limit: the most that one call deletes, so that it is short.
    /// - Returns: how many.
    func deleteDeadLetters(olderThan age: Duration, keeping most: Int, limit: Int) async throws -> Int
}

/// A dead letter as it is kept.
public struct DeadLetter: Sendable, Hashable {
    /// Grows with time.
    public var id: Int64
    /// Whose run it was; nil of a message, which may be anybody's.
    public var tenant: TenantID?
    public var run: RunID?
    /// The queue that a message came from.
    public var queue: String?
    public var reason: String
    /// The beginning of a message's body, made readable.
    public var body: String?
    /// How long the whole body was.
    public var bodyBytes: Int?
    public var createdAt: UTCInstant

    public init(
        id: Int64, tenant: TenantID? = nil, run: RunID? = nil, queue: String? = nil, reason: String,
        body: String? = nil, bodyBytes: Int? = nil, createdAt: UTCInstant
    ) {
        self.id = id
        self.tenant = tenant
        self.run = run
        self.queue = queue
        self.reason = reason
        self.body = body
        self.bodyBytes = bodyBytes
        self.createdAt = createdAt
    }
}

/// A message from the dead queue on its way to the store.
public struct ParkedLetter: Sendable, Hashable {
    /// How many bytes of a body are kept.
    public static let bodyLimit = 64 << 10
    static let reasonLimit = 1_000

    public let queue: String
    public let reason: String
    public let body: String
    public let bodyBytes: Int
    /// Equal for the copies of one message; those with other bytes or of another queue have another.
    public let digest: UInt128

    /// Reads a delivery of the dead queue: put there by `QueueSubscription.park`, or by the broker itself, which says
    /// so in headers of its own (`x-first-death-queue`, `x-first-death-reason`).
    public init(_ delivery: Delivery) {
        let headers = delivery.headers
        let queue = headers[ParkedMessage.queueHeader] ?? headers["x-first-death-queue"] ?? ""
        let reason =
            headers[ParkedMessage.reasonHeader]
            ?? headers["x-first-death-reason"].map { "the broker gave it up: \($0)" } ?? "no reason was given"
        self.init(
            queue: queue, reason: reason, body: delivery.body,
            bodyBytes: headers[ParkedMessage.bytesHeader].flatMap { Int($0) })
    }

    /// - Parameter bodyBytes: how long the whole body was; nil: it is whole.
    public init(queue: String, reason: String, body: [UInt8], bodyBytes: Int? = nil) {
        self.queue = ParkedLetter.readable(Array(queue.utf8.prefix(255)))
        self.reason = ParkedLetter.readable(Array(reason.utf8.prefix(ParkedLetter.reasonLimit)))
        self.body = ParkedLetter.readable(Array(body.prefix(ParkedLetter.bodyLimit)))
        self.bodyBytes = bodyBytes ?? body.count
        var hash = ParkedLetter.offset
        for byte in queue.utf8 { hash = (hash ^ UInt128(byte)) &* ParkedLetter.prime }
        // No byte of a text: the queue ends here.
        hash = (hash ^ 0xFF) &* ParkedLetter.prime
        body.withUnsafeBufferPointer { bytes in
            for byte in bytes { hash = (hash ^ UInt128(byte)) &* ParkedLetter.prime }
        }
        digest = hash
    }

    /// Valid UTF-8 without NUL, which a store can keep.
    private static func readable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    /// FNV-1a of 128 bits (Fowler, Noll, Vo; RFC 9923): tells copies from others, and guards against nothing.
    private static let offset = UInt128(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    private static let prime = UInt128(0x0000_0000_0100_0000_0000_0000_0000_013B)
}
