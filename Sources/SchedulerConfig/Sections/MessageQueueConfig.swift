/// The queue between the roles.
public struct MessageQueueConfig: Sendable {
    /// RabbitMQ; nil means the queue within the process, which only `standalone` can use.
    public var url: ConnectionURL?
    public var heartbeat = Defaults.queueHeartbeat
    public var publishTimeout = Defaults.publishTimeout
    /// How many messages may wait in this process for the broker; beyond it they are refused.
    public var maxWaitingMessages = Defaults.maxWaitingMessages
    /// Put before the names of exchanges and queues; empty for none.
    public var namespace = Defaults.queueNamespace

    public init() {}
}

enum MessageQueueSettings {
    static let url = Setting(
        "queue.url", alias: "RABBITMQ_URL", default: nil, .connection(schemes: ConnectionURL.rabbitMQ), isSecret: true,
        "RabbitMQ: `amqp://user:password@host:5672/vhost`, `amqps://` with TLS; `standalone` needs none."
    )
    static let heartbeat = Setting(
        "queue.heartbeat_seconds", default: Defaults.queueHeartbeat, .seconds(1...600),
        "How often the connection to RabbitMQ shows that it lives."
    )
    static let publishTimeout = Setting(
        "queue.publish_timeout_seconds", default: Defaults.publishTimeout, .seconds(0.1...600),
        "The longest wait until RabbitMQ confirms a message."
    )
    static let maxWaitingMessages = Setting(
        "queue.max_waiting_messages", default: Defaults.maxWaitingMessages, .integer(1...1_000_000),
        "How many messages may wait in the process for RabbitMQ; more are refused, and their runs picked later."
    )
    static let namespace = Setting(
        "queue.namespace", default: Defaults.queueNamespace, .name(allowingEmpty: true), defaultText: "none",
        "Put before the names of exchanges and queues, where several installations share a RabbitMQ."
    )

    static let all = [
        url.summary, heartbeat.summary, publishTimeout.summary, maxWaitingMessages.summary, namespace.summary,
    ]
}

extension MessageQueueConfig {
    init(from reader: inout SettingReader) {
        url = reader.read(MessageQueueSettings.url)
        heartbeat = reader.read(MessageQueueSettings.heartbeat)
        publishTimeout = reader.read(MessageQueueSettings.publishTimeout)
        maxWaitingMessages = reader.read(MessageQueueSettings.maxWaitingMessages)
        namespace = reader.read(MessageQueueSettings.namespace)
    }
}
