import CRabbitMQ

/// Memory for the strings and tables of outgoing requests, which the library reads through bare pointers.
///
/// What was made is valid until `recycle`. Confined to one thread.
final class AMQPArena {
    private let pool: UnsafeMutablePointer<amqp_pool_t>

    init() {
        pool = .allocate(capacity: 1)
        init_amqp_pool(pool, 4_096)
    }

    deinit {
        empty_amqp_pool(pool)
        pool.deallocate()
    }

    func recycle() { recycle_amqp_pool(pool) }

    /// Copies text into the arena.
    func bytes(_ text: String) -> amqp_bytes_t {
        var bytes = amqp_bytes_t()
        var text = text
        text.withUTF8 { source in
            amqp_pool_alloc_bytes(pool, source.count, &bytes)
            guard let target = bytes.bytes, let start = source.baseAddress else {
                precondition(source.isEmpty, "out of memory")
                return
            }
            target.copyMemory(from: start, byteCount: source.count)
        }
        return bytes
    }

    /// A value of an AMQP table.
    enum Value {
        case text(String)
        case integer(Int)
        case flag(Bool)
        case table([(String, Value)])
    }

    func table(_ entries: [(String, Value)]) -> amqp_table_t {
        guard !entries.isEmpty else { return amqp_empty_table }
        let size = MemoryLayout<amqp_table_entry_t>.stride * entries.count
        guard let memory = amqp_pool_alloc(pool, size) else { preconditionFailure("out of memory") }
        let start = memory.bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
        for (index, (key, value)) in entries.enumerated() {
            start[index] = amqp_table_entry_t(key: bytes(key), value: field(value))
        }
        return amqp_table_t(num_entries: Int32(entries.count), entries: start)
    }

    private func field(_ value: Value) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        switch value {
        case .text(let text):
            field.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
            field.value.bytes = bytes(text)
        case .integer(let number):
            field.kind = UInt8(AMQP_FIELD_KIND_I64.rawValue)
            field.value.i64 = Int64(number)
        case .flag(let flag):
            field.kind = UInt8(AMQP_FIELD_KIND_BOOLEAN.rawValue)
            field.value.boolean = flag ? 1 : 0
        case .table(let entries):
            field.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
            field.value.table = table(entries)
        }
        return field
    }
}
