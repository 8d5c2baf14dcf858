import CRabbitMQ

/// What the broker sends by itself.
enum AMQPEvent {
    case message(AMQPContent, channel: amqp_channel_t)
    /// The broker has taken responsibility for one publish, or for all up to it.
    case confirmed(tag: UInt64, multiple: Bool)
    /// The broker refuses one publish, or all up to it.
    case refused(tag: UInt64, multiple: Bool)
    /// The queue of a consumer is gone.
    case consumerCancelled(channel: amqp_channel_t)
    /// The answer to a closing of ours.
    case channelClosed(channel: amqp_channel_t)
    /// The broker is short of memory or disk: it reads nothing from publishers until `unblocked`.
    case blocked
    case unblocked
}
