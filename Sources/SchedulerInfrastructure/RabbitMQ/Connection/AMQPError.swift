import CRabbitMQ
import SchedulerErrors

/// Why a connection to the broker was given up.
///
/// Its text is the broker's or the library's, and holds no secret.
struct AMQPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reply code of AMQP 0-9-1 (section 1.2), for example 406; nil where the library failed.
    let code: Int?
    let description: String

    init(_ description: String, code: Int? = nil) {
        self.description = description
        self.code = code
    }

    /// From a status of the library.
    init(status: Int32, during what: String) {
        let text = amqp_error_string2(status).map { String(cString: $0) } ?? "status \(status)"
        self.init("\(what): \(text)")
    }

    /// From the answer to a request that did not go well.
    init(_ reply: amqp_rpc_reply_t, during what: String) {
        switch reply.reply_type {
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: self.init(status: reply.library_error, during: what)
        case AMQP_RESPONSE_SERVER_EXCEPTION: self.init(closing: reply.reply, during: what)
        default: self.init("\(what): the broker closed the connection")
        }
    }

    /// From `channel.close` or `connection.close`.
    init(closing method: amqp_method_t, during what: String) {
        if method.id == UInt32(AMQP_CHANNEL_CLOSE_METHOD) {
            let close = method.decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            self.init("\(what): \(String(close.reply_text))", code: Int(close.reply_code))
        } else if method.id == UInt32(AMQP_CONNECTION_CLOSE_METHOD) {
            let close = method.decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            self.init("\(what): \(String(close.reply_text))", code: Int(close.reply_code))
        } else {
            self.init("\(what): the broker answered with method \(method.id)")
        }
    }

    /// As callers see it: without the broker's words.
    func publicError(_ message: String) -> SchedulerError {
        SchedulerError(.messageQueue, message, underlying: self)
    }
}

extension String {
    init(_ bytes: amqp_bytes_t) {
        self.init(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }
}
