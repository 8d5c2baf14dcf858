/// The HTTP server.
public struct APIConfig: Sendable {
    public var host = Defaults.apiHost
    /// The TCP port; 0 takes any free one.
    public var port = Defaults.apiPort
    public var requestTimeout = Defaults.requestTimeout
    public var maxBodyBytes = Defaults.maxBodyBytes
    /// How many runs of one backfill fall due in a second.
    public var backfillRunsPerSecond = Defaults.backfillRunsPerSecond

    public init() {}
}

enum APISettings {
    static let host = Setting(
        "api.host", default: Defaults.apiHost, .text,
        "The address to listen on; `0.0.0.0` for every interface of the machine."
    )
    static let port = Setting(
        "api.port", default: Defaults.apiPort, .integer(0...65_535), "The TCP port to listen on; 0 takes any free one."
    )
    static let requestTimeout = Setting(
        "api.request_timeout_seconds", default: Defaults.requestTimeout, .seconds(0.1...3_600),
        "The longest time of one request."
    )
    static let maxBodyBytes = Setting(
        "api.max_body_bytes", default: Defaults.maxBodyBytes, .integer(1_024...1_073_741_824),
        "The largest body of a request, in bytes."
    )

    static let backfillRunsPerSecond = Setting(
        "api.backfill_runs_per_second", default: Defaults.backfillRunsPerSecond, .integer(1...10_000),
        "How many runs of one backfill fall due in a second."
    )

    static let all = [
        host.summary, port.summary, requestTimeout.summary, maxBodyBytes.summary, backfillRunsPerSecond.summary,
    ]
}

extension APIConfig {
    init(from reader: inout SettingReader) {
        host = reader.read(APISettings.host)
        port = reader.read(APISettings.port)
        requestTimeout = reader.read(APISettings.requestTimeout)
        maxBodyBytes = reader.read(APISettings.maxBodyBytes)
        backfillRunsPerSecond = reader.read(APISettings.backfillRunsPerSecond)
    }
}
