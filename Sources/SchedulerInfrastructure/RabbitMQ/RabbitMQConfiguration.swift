/// How to reach RabbitMQ, and the bounds of the adapter.
public struct RabbitMQConfiguration: Sendable {
    /// One node of the broker.
    public struct Host: Sendable, Hashable {
        public var name: String
        public var port: Int

        public init(name: String, port: Int) {
            self.name = name
            self.port = port
        }
    }

    /// How to speak TLS (1.2 or later).
    public struct TLS: Sendable, Hashable {
        /// The file of trusted certificates (PEM).
        public var trustedCertificates: String
        /// Our own certificate chain (PEM), where the broker asks for one.
        public var certificate: String?
        /// The key of our certificate (PEM).
        public var key: String?
        /// Whether the broker's certificate must be trusted and name the host.
        public var verifiesPeer: Bool

        public init(
            trustedCertificates: String = "/etc/ssl/certs/ca-certificates.crt",
            certificate: String? = nil,
            key: String? = nil,
            verifiesPeer: Bool = true
        ) {
            self.trustedCertificates = trustedCertificates
            self.certificate = certificate
            self.key = key
            self.verifiesPeer = verifiesPeer
        }
    }

    /// Tried in turn, from one chosen at random, so that clients spread over a cluster.
    ///
    /// Never empty.
    public var hosts: [Host]
    public var virtualHost: String
    public var user: String
    public var password: Secret
    /// Nil: no TLS.
    public var tls: TLS?
    /// Stands before the name of each exchange and queue, so that several systems or tests can share a broker.
    public var namespace = ""
    /// A silent connection is dropped after about twice this time; at least one second.
    public var heartbeat: Duration = .seconds(10)
    /// How long opening a connection or one request to the broker may take.
    public var connectTimeout: Duration = .seconds(5)
    /// Every publish, subscribe and cancel is answered within this time.
    public var operationTimeout: Duration = .seconds(5)
    /// How many publishes may wait for their confirm at once.
    public var publishWindow = 1_024
    /// How many messages may wait in this process; beyond it publishing is refused.
    public var inboxCapacity = 20_000
    /// How many messages a queue holds; beyond it the broker refuses.
    public var maxQueueLength = 100_000
    /// How many bytes a queue holds; beyond it the broker refuses.
    public var maxQueueBytes = 1 << 30
    /// How often a message may come back to its queue before the broker puts it on the dead ones.
    ///
    /// High, because a full worker sends back what it cannot start: only a message that takes down whoever reads it
    /// shall get there.
    public var deliveryLimit = 1_000

    public init(
        hosts: [Host],
        virtualHost: String = "/",
        user: String = "guest",
        password: Secret = Secret("guest"),
        tls: TLS? = nil
    ) {
        precondition(!hosts.isEmpty, "a broker has at least one host")
        self.hosts = hosts
        self.virtualHost = virtualHost
        self.user = user
        self.password = password
        self.tls = tls
    }
}

/// A text that no log, description or dump shows.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself.
    let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { "***" }
    public var debugDescription: String { "***" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
