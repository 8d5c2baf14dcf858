/// Where and how the API listens.
public struct APIConfiguration: Sendable, Hashable {
    /// The address to bind; loopback by default.
    public var host: String
    /// The port to bind; 0 lets the system choose one.
    public var port: Int
    /// The longest time for one request, its body included.
    public var requestTimeout: Duration
    /// The longest body in bytes; a longer one is answered with 413.
    public var maxBodyBytes: Int
    /// A connection that sends nothing for so long is closed.
    public var idleTimeout: Duration
    /// How many logs are followed at once; a further request is answered with 503.
    public var maxFollowers: Int

    public init(
        host: String = "127.0.0.1",
        port: Int = 8_080,
        requestTimeout: Duration = .seconds(30),
        maxBodyBytes: Int = 1_048_576,
        idleTimeout: Duration = .seconds(75),
        maxFollowers: Int = 100
    ) {
        self.host = host
        self.port = port
        self.requestTimeout = requestTimeout
        self.maxBodyBytes = maxBodyBytes
        self.idleTimeout = idleTimeout
        self.maxFollowers = maxFollowers
    }
}
