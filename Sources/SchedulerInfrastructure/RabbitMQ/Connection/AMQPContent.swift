import CRabbitMQ

/// A message's headers and body, put together from the frames that follow `basic.deliver` or `basic.return`.
struct AMQPContent {
    /// What the content belongs to.
    enum Origin {
        case delivery(tag: UInt64, isRedelivered: Bool)
        case returned
    }

    let origin: Origin
    private(set) var headers: [String: String] = [:]
    private(set) var messageID: String?
    private(set) var body: [UInt8] = []
    /// How many bytes of the body are to come; nil before the header.
    private var missing: UInt64?

    init(_ origin: Origin) { self.origin = origin }

    var isComplete: Bool { missing == 0 }

    mutating func takeHeader(bodySize: UInt64, properties: UnsafeMutableRawPointer) {
        missing = bodySize
        // Grown as it comes, beyond a usual size: the announced one is not ours to trust.
        body.reserveCapacity(Int(min(bodySize, 1 << 20)))
        let properties = properties.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
        if properties._flags & UInt32(AMQP_BASIC_MESSAGE_ID_FLAG) != 0 { messageID = String(properties.message_id) }
        guard properties._flags & UInt32(AMQP_BASIC_HEADERS_FLAG) != 0 else { return }
        for index in 0..<Int(properties.headers.num_entries) {
            let entry = properties.headers.entries[index]
            // Ours are texts; what the broker adds in other kinds (`x-death`) nobody here reads.
            guard entry.value.kind == UInt8(AMQP_FIELD_KIND_UTF8.rawValue) else { continue }
            headers[String(entry.key)] = String(entry.value.value.bytes)
        }
    }

    mutating func takeBody(_ fragment: amqp_bytes_t) {
        body.append(contentsOf: UnsafeRawBufferPointer(start: fragment.bytes, count: fragment.len))
        missing = (missing ?? 0) - min(missing ?? 0, UInt64(fragment.len))
    }
}
