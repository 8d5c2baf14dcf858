import CRabbitMQ
import Glibc

/// One connection to the broker, for one thread: a connection must not be used from two.
///
/// Of the traps of this library (each was met in a trial) these are handled here:
/// 1. A short time-out in `amqp_simple_wait_frame_noblock` spins: we wait in our own `poll` and call it with zero.
/// 3. A channel that was closed by an error wedges the next request: every request has a time limit, and any such error
///    is thrown, upon which the owner gives the whole connection up (`AMQPLoop`). Declarations are the one exception;
///    they have a channel of their own that is closed and opened again in order (`declareQueue`).
/// 4. Memory is only given back by `releaseBuffers`, which the owner calls every turn.
/// 5. Heartbeats are sent and checked only inside library calls: `wait` returns at least every half heartbeat, and the
///    owner then asks for events.
/// 6. A silent peer is seen by that same check after about two heartbeats.
/// 8. A returned message's content is read as frames like any other content, so nothing gets out of step.
final class AMQPConnection {
    private let state: amqp_connection_state_t
    private let control: AMQPControl
    private let arena = AMQPArena()
    private var contents: [amqp_channel_t: AMQPContent] = [:]

    /// The channel for declarations, apart from the one that carries messages.
    private let declaring: amqp_channel_t = 1

    /// Connects and logs in, within twice the time limit.
    ///
    /// - Parameter role: shown by the broker's tools.
    init(
        to host: RabbitMQConfiguration.Host, of configuration: RabbitMQConfiguration, role: String, control: AMQPControl
    ) throws(AMQPError) {
        guard let state = amqp_new_connection() else { throw AMQPError("connect: out of memory") }
        self.state = state
        self.control = control
        try open(host, configuration)
        try logIn(configuration, role: role)
        try openChannel(declaring)
    }

    deinit {
        control.setSocket(nil)
        amqp_destroy_connection(state)
    }

    /// Takes leave of the broker, so that it logs no error; whatever is unacknowledged returns to its queue.
    func close() {
        _ = amqp_connection_close(state, AMQP_REPLY_SUCCESS)
    }

    /// Gives memory back to the library; contents and texts of earlier events are copies and stay valid.
    func releaseBuffers() { amqp_maybe_release_buffers(state) }

    /// Waits until the broker has sent something, somebody wakes the thread, or the time is over: at most half a
    /// heartbeat.
    func wait(atMost limit: Duration) {
        let isReady = amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0
        let heartbeat = Duration.seconds(amqp_get_heartbeat(state))
        let most = heartbeat > .zero ? heartbeat / 2 : .seconds(10)
        control.wake.wait(orReadable: amqp_get_sockfd(state), atMost: isReady ? .zero : min(limit, most))
    }
}

// MARK: - Opening

extension AMQPConnection {
    private func open(_ host: RabbitMQConfiguration.Host, _ configuration: RabbitMQConfiguration) throws(AMQPError) {
        var limit = timeval(configuration.connectTimeout)
        try check(amqp_set_rpc_timeout(state, &limit), "connect")
        try check(amqp_set_handshake_timeout(state, &limit), "connect")
        guard let socket = try makeSocket(configuration.tls) else { throw AMQPError("connect: out of memory") }
        try check(amqp_socket_open_noblock(socket, host.name, Int32(host.port), &limit), "connect")
        control.setSocket(amqp_get_sockfd(state))
    }

    private func makeSocket(_ tls: RabbitMQConfiguration.TLS?) throws(AMQPError) -> OpaquePointer? {
        guard let tls else { return amqp_tcp_socket_new(state) }
        guard let socket = amqp_ssl_socket_new(state) else { return nil }
        amqp_ssl_socket_set_verify_peer(socket, tls.verifiesPeer ? 1 : 0)
        amqp_ssl_socket_set_verify_hostname(socket, tls.verifiesPeer ? 1 : 0)
        try check(amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST), "choose the TLS version")
        if tls.verifiesPeer {
            try check(amqp_ssl_socket_set_cacert(socket, tls.trustedCertificates), "read the trusted certificates")
        }
        if let certificate = tls.certificate, let key = tls.key {
            try check(amqp_ssl_socket_set_key(socket, certificate, key), "read our certificate and key")
        }
        return socket
    }

    private func logIn(_ configuration: RabbitMQConfiguration, role: String) throws(AMQPError) {
        defer { arena.recycle() }
        var properties = arena.table([
            ("connection_name", .text("scheduler \(role)")),
            // Without them the broker neither says that it blocks us nor that it has cancelled a consumer.
            (
                "capabilities",
                .table([("connection.blocked", .flag(true)), ("consumer_cancel_notify", .flag(true))])
            ),
        ])
        let heartbeat = Int32(max(1, configuration.heartbeat / .seconds(1)))
        let reply = scheduler_amqp_login_plain(
            state, configuration.virtualHost, 0, Int32(AMQP_DEFAULT_FRAME_SIZE), heartbeat, &properties,
            configuration.user, configuration.password.text)
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else { throw AMQPError(reply, during: "log in") }
    }

    func openChannel(_ channel: amqp_channel_t) throws(AMQPError) {
        amqp_channel_open(state, channel)
        try checkReply("open a channel")
    }

    private func check(_ status: Int32, _ what: String) throws(AMQPError) {
        guard status == AMQP_STATUS_OK.rawValue else { throw AMQPError(status: status, during: what) }
    }

    private func checkReply(_ what: String) throws(AMQPError) {
        let reply = amqp_get_rpc_reply(state)
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else { throw AMQPError(reply, during: what) }
    }
}

// MARK: - Topology

extension AMQPConnection {
    func declareExchange(_ name: String, type: String) throws(AMQPError) {
        defer { arena.recycle() }
        amqp_exchange_declare(
            state, declaring, arena.bytes(name), arena.bytes(type), 0, 1, 0, 0, amqp_empty_table)
        try checkReply("declare the exchange \(name)")
    }

    /// Declares a durable queue.
    ///
    /// - Returns: false where the queue exists with other arguments (of an earlier release or configuration); it is used
    ///   as it is, because refusing would stop a rolling update.
    func declareQueue(_ name: String, arguments: [(String, AMQPArena.Value)]) throws(AMQPError) -> Bool {
        defer { arena.recycle() }
        amqp_queue_declare(state, declaring, arena.bytes(name), 0, 1, 0, 0, arena.table(arguments))
        let reply = amqp_get_rpc_reply(state)
        if reply.reply_type == AMQP_RESPONSE_NORMAL { return true }
        let error = AMQPError(reply, during: "declare the queue \(name)")
        guard error.code == Int(AMQP_PRECONDITION_FAILED) else { throw error }
        // The error closed the channel. Once that is answered, the number may be opened again (AMQP 0-9-1, 1.5.2.5).
        var answer = amqp_channel_close_ok_t()
        try check(
            amqp_send_method(state, declaring, UInt32(AMQP_CHANNEL_CLOSE_OK_METHOD), &answer), "close the channel")
        try openChannel(declaring)
        return false
    }

    func bindQueue(_ queue: String, to exchange: String, key: String) throws(AMQPError) {
        defer { arena.recycle() }
        amqp_queue_bind(
            state, declaring, arena.bytes(queue), arena.bytes(exchange), arena.bytes(key), amqp_empty_table)
        try checkReply("bind the queue \(queue)")
    }

    /// Removes a queue; one that does not exist counts as removed.
    func deleteQueue(_ name: String) throws(AMQPError) {
        defer { arena.recycle() }
        amqp_queue_delete(state, declaring, arena.bytes(name), 0, 0)
        try checkReply("delete the queue \(name)")
    }

    func deleteExchange(_ name: String) throws(AMQPError) {
        defer { arena.recycle() }
        amqp_exchange_delete(state, declaring, arena.bytes(name), 0)
        try checkReply("delete the exchange \(name)")
    }
}

// MARK: - Publishing and consuming

extension AMQPConnection {
    /// Asks for a confirm of every publish on the channel.
    func selectConfirms(_ channel: amqp_channel_t) throws(AMQPError) {
        amqp_confirm_select(state, channel)
        try checkReply("ask for confirms")
    }

    /// Sends one persistent message.
    ///
    /// It may block while the broker does not read.
    func publish(_ publication: Publication, messageID: String, on channel: amqp_channel_t) throws(AMQPError) {
        defer { arena.recycle() }
        var properties = amqp_basic_properties_t()
        properties._flags = UInt32(
            AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG)
        properties.content_type = arena.bytes("application/json")
        properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
        properties.message_id = arena.bytes(messageID)
        if !publication.headers.isEmpty {
            properties._flags |= UInt32(AMQP_BASIC_HEADERS_FLAG)
            properties.headers = arena.table(publication.headers.map { ($0.key, .text($0.value)) })
        }
        let exchange = arena.bytes(publication.exchange)
        let key = arena.bytes(publication.key)
        let status = publication.body.withUnsafeBytes { body in
            amqp_basic_publish(
                state, channel, exchange, key, publication.isMandatory ? 1 : 0, 0, &properties,
                amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
        }
        try check(status, "publish")
    }

    /// Starts a consumer; the prefetch is its own.
    func consume(_ queue: String, prefetch: Int, tag: String, on channel: amqp_channel_t) throws(AMQPError) {
        defer { arena.recycle() }
        amqp_basic_qos(state, channel, 0, UInt16(clamping: prefetch), 0)
        try checkReply("set the prefetch")
        amqp_basic_consume(state, channel, arena.bytes(queue), arena.bytes(tag), 0, 0, 0, amqp_empty_table)
        try checkReply("consume the queue \(queue)")
    }

    /// Stops a consumer without waiting; its deliveries can still be acknowledged.
    func stopConsuming(tag: String, on channel: amqp_channel_t) throws(AMQPError) {
        defer { arena.recycle() }
        var cancel = amqp_basic_cancel_t(consumer_tag: arena.bytes(tag), nowait: 1)
        try check(amqp_send_method(state, channel, UInt32(AMQP_BASIC_CANCEL_METHOD), &cancel), "stop a consumer")
    }

    func acknowledge(_ tag: UInt64, multiple: Bool, on channel: amqp_channel_t) throws(AMQPError) {
        try check(amqp_basic_ack(state, channel, tag, multiple ? 1 : 0), "acknowledge")
    }

    func requeue(_ tag: UInt64, on channel: amqp_channel_t) throws(AMQPError) {
        try check(amqp_basic_nack(state, channel, tag, 0, 1), "requeue")
    }

    /// Asks the broker to close a channel, which returns what is unacknowledged to its queue.
    ///
    /// The answer comes as `AMQPEvent.channelClosed`; until then the number is taken.
    func closeChannel(_ channel: amqp_channel_t) throws(AMQPError) {
        var close = amqp_channel_close_t()
        close.reply_code = UInt16(AMQP_REPLY_SUCCESS)
        try check(amqp_send_method(state, channel, UInt32(AMQP_CHANNEL_CLOSE_METHOD), &close), "close a channel")
    }
}

// MARK: - Events

extension AMQPConnection {
    /// Returns what the broker has sent, without waiting; nil where there is nothing more.
    ///
    /// Sends and checks heartbeats.
    ///
    /// - Throws: when the broker closes the connection or a channel, or is silent for too long.
    func nextEvent() throws(AMQPError) -> AMQPEvent? {
        while true {
            var frame = amqp_frame_t()
            var zero = timeval()
            let status = amqp_simple_wait_frame_noblock(state, &frame, &zero)
            if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
            try check(status, "read")
            if let event = try event(of: frame) { return event }
        }
    }

    private func event(of frame: amqp_frame_t) throws(AMQPError) -> AMQPEvent? {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            return try event(of: frame.payload.method, on: frame.channel)
        case AMQP_FRAME_HEADER:
            contents[frame.channel]?.takeHeader(
                bodySize: frame.payload.properties.body_size, properties: frame.payload.properties.decoded)
        case AMQP_FRAME_BODY:
            contents[frame.channel]?.takeBody(frame.payload.body_fragment)
        default:
            return nil
        }
        guard let content = contents[frame.channel], content.isComplete else { return nil }
        contents[frame.channel] = nil
        return .message(content, channel: frame.channel)
    }

    private func event(of method: amqp_method_t, on channel: amqp_channel_t) throws(AMQPError) -> AMQPEvent? {
        switch method.id {
        case UInt32(AMQP_BASIC_DELIVER_METHOD):
            let deliver = method.decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            contents[channel] = AMQPContent(
                .delivery(tag: deliver.delivery_tag, isRedelivered: deliver.redelivered != 0))
        case UInt32(AMQP_BASIC_RETURN_METHOD):
            contents[channel] = AMQPContent(.returned)
        case UInt32(AMQP_BASIC_ACK_METHOD):
            let ack = method.decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .confirmed(tag: ack.delivery_tag, multiple: ack.multiple != 0)
        case UInt32(AMQP_BASIC_NACK_METHOD):
            let nack = method.decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .refused(tag: nack.delivery_tag, multiple: nack.multiple != 0)
        case UInt32(AMQP_BASIC_CANCEL_METHOD):
            return .consumerCancelled(channel: channel)
        case UInt32(AMQP_CHANNEL_CLOSE_OK_METHOD):
            contents[channel] = nil
            return .channelClosed(channel: channel)
        case UInt32(AMQP_CONNECTION_BLOCKED_METHOD):
            return .blocked
        case UInt32(AMQP_CONNECTION_UNBLOCKED_METHOD):
            return .unblocked
        case UInt32(AMQP_CHANNEL_CLOSE_METHOD), UInt32(AMQP_CONNECTION_CLOSE_METHOD):
            throw AMQPError(closing: method, during: "the broker closed")
        default:
            break
        }
        return nil
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
