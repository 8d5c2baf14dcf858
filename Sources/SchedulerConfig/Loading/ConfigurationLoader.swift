public import SchedulerErrors

/// Makes the configuration of a process from file, environment and flags, in rising precedence.
public enum ConfigurationLoader {
    /// Loads and checks everything before a service starts.
    ///
    /// - Parameters:
    ///   - file: the path of a TOML file, nil for none.
    ///   - environment: the process's variables.
    ///   - overrides: what flags say, by key (`api.port`).
    /// - Returns: the configuration, with warnings about variables that nothing reads.
    /// - Throws: `configuration` with every fault at once; no fault shows a secret.
    public static func load(
        file: String? = nil,
        environment: [String: String],
        overrides: [String: String] = [:]
    ) throws(SchedulerError) -> AppConfig {
        var layers = [ConfigurationLayer(flags: overrides), ConfigurationLayer(environment: environment)]
        var fileFault: String?
        if let file {
            do throws(SchedulerError) {
                layers.append(ConfigurationLayer(file: file, texts: try TOMLFile.read(file)))
            } catch {
                fileFault = error.message
            }
        }
        var reader = SettingReader(layers: layers)
        if let fileFault { reader.addFault("--config", fileFault) }
        for layer in layers { reportUnknownKeys(of: layer, to: &reader) }
        var config = AppConfig(from: &reader)
        guard reader.faults.isEmpty else {
            let lines = reader.faults.map { "\($0.field): \($0.message)" }
            throw SchedulerError(.configuration, lines.joined(separator: "; "), faults: reader.faults)
        }
        config.warnings = unknownVariables(in: environment)
        config.settings = reader.resolved
        return config
    }

    private static func reportUnknownKeys(of layer: ConfigurationLayer, to reader: inout SettingReader) {
        let known = Settings.all.map(\.key)
        for key in layer.keys where !known.contains(key) {
            let place = (try? layer.text(for: key))?.place ?? "\(layer.kind)"
            let hint = NearestName.of(key, among: known).map { "; did you mean \($0)?" } ?? ""
            reader.addFault(key, "there is no such setting (from \(place))\(hint)")
        }
    }

    /// Variables that look like ours and that nothing reads.
    ///
    /// Those of tasks and tests are no settings, nor is the fail point of a process.
    private static func unknownVariables(in environment: [String: String]) -> [String] {
        let known = Settings.all.flatMap(\.variables)
        let others = ["SCHEDULER_RUN_ID", "SCHEDULER_ATTEMPT", "SCHEDULER_FIRE_TIME", "SCHEDULER_FAILPOINT"]
        let unknown = environment.keys.filter { name in
            name.hasPrefix("SCHEDULER_") && !name.hasPrefix("SCHEDULER_TEST_") && !(known + others).contains(name)
        }
        return unknown.sorted().map { name in
            let hint = NearestName.of(name, among: known).map { "; did you mean \($0)?" } ?? ""
            return "the variable \(name) is no setting and is ignored\(hint)"
        }
    }
}

extension AppConfig {
    /// Reads every section, in the order of the documentation.
    init(from reader: inout SettingReader) {
        environment = reader.read(Settings.environment)
        database = DatabaseConfig(from: &reader)
        queue = MessageQueueConfig(from: &reader)
        api = APIConfig(from: &reader)
        admin = AdminConfig(from: &reader)
        worker = WorkerConfig(from: &reader)
        dispatcher = DispatcherConfig(from: &reader)
        standalone = StandaloneConfig(from: &reader)
        log = LogConfig(from: &reader)
    }
}
