/// All roles in one process.
public struct StandaloneConfig: Sendable {
    /// The folder of the SQLite file and of the lock that keeps a second process out; relative to where it starts.
    public var dataFolder = Defaults.dataFolder

    public init() {}
}

enum StandaloneSettings {
    static let dataFolder = Setting(
        "standalone.data", default: Defaults.dataFolder, .text,
        "The folder in which `standalone` keeps everything; relative to where it starts."
    )

    static let all = [dataFolder.summary]
}

extension StandaloneConfig {
    init(from reader: inout SettingReader) { dataFolder = reader.read(StandaloneSettings.dataFolder) }
}
