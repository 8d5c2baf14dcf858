/// The port for whoever supervises a process: health and readiness.
public struct AdminConfig: Sendable {
    public var host = Defaults.adminHost
    /// The TCP port; 0 for none.
    public var port = Defaults.adminPort

    public init() {}
}

enum AdminSettings {
    static let host = Setting(
        "admin.host", default: Defaults.adminHost, .text,
        "The address at which every role shows its health; `0.0.0.0` for every interface of the machine."
    )
    static let port = Setting(
        "admin.port", alias: "PROMETHEUS_PORT", default: Defaults.adminPort, .integer(0...65_535),
        "The TCP port of `/health` and `/ready` of every role; 0 for none. Where it is taken the role goes on without it."
    )

    static let all = [host.summary, port.summary]
}

extension AdminConfig {
    init(from reader: inout SettingReader) {
        host = reader.read(AdminSettings.host)
        port = reader.read(AdminSettings.port)
    }
}
