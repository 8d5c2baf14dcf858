import SchedulerErrors

/// Reads settings through the layers and collects every fault instead of stopping at the first.
struct SettingReader {
    /// Highest precedence first.
    let layers: [ConfigurationLayer]
    private(set) var faults: [SchedulerError.FieldFault] = []
    private(set) var resolved: [ResolvedSetting] = []
    /// Where each key that has been set came from, for faults found later.
    private var places: [String: String] = [:]
    private var faultyKeys: Set<String> = []

    init(layers: [ConfigurationLayer]) { self.layers = layers }

    /// Returns the value of a setting; its default where it is not set or wrong.
    mutating func read<Value>(_ setting: Setting<Value>) -> Value {
        let summary = setting.summary
        do {
            for layer in layers {
                guard let (text, place) = try layer.text(for: summary.key) else { continue }
                places[summary.key] = place
                do throws(Misfit) {
                    try checkFlag(layer, summary, text)
                    let value = try setting.form.parse(text)
                    resolved.append(ResolvedSetting(key: summary.key, value: setting.form.show(value), source: place))
                    return value
                } catch {
                    addFault(summary, shown: summary.isSecret ? nil : text, error.message)
                    return setting.defaultValue
                }
            }
        } catch {
            addFault(summary, shown: nil, "cannot be read")
            return setting.defaultValue
        }
        resolved.append(
            ResolvedSetting(key: summary.key, value: setting.form.show(setting.defaultValue), source: "default")
        )
        return setting.defaultValue
    }

    /// Adds a fault for a rule between two settings, unless one of them is faulty by itself.
    mutating func require<First, Second>(
        _ condition: Bool,
        _ setting: Setting<First>,
        against other: Setting<Second>,
        _ rule: String
    ) {
        guard !condition, faultyKeys.isDisjoint(with: [setting.summary.key, other.summary.key]) else { return }
        let bound = valueText(of: other.summary) ?? other.summary.defaultText
        addFault(setting.summary, shown: valueText(of: setting.summary), "\(rule) \(other.summary.key) (\(bound))")
    }

    private func valueText(of summary: SettingSummary) -> String? {
        resolved.last { $0.key == summary.key }?.value
    }

    mutating func addFault(_ key: String, _ message: String) {
        faults.append(SchedulerError.FieldFault(field: key, message: message))
    }

    private mutating func addFault(_ summary: SettingSummary, shown text: String?, _ message: String) {
        faultyKeys.insert(summary.key)
        let value = text.map { " \($0.debugDescription)" } ?? ""
        addFault(summary.key, "the value\(value) (from \(places[summary.key] ?? "the default")) \(message)")
    }

    /// Other users of the machine can read a process's arguments.
    private func checkFlag(_ layer: ConfigurationLayer, _ summary: SettingSummary, _ text: String) throws(Misfit) {
        guard layer.kind == .flags, summary.isSecret, Self.mayHoldPassword(text) else { return }
        let variable = summary.alias ?? summary.variables[0]
        throw Misfit("holds a password, which no flag may, because others can see it there; set \(variable) instead")
    }

    private static func mayHoldPassword(_ text: String) -> Bool {
        let schemes = ConnectionURL.postgres + ConnectionURL.rabbitMQ
        guard let url = try? ConnectionURL(parsing: text, schemes: schemes) else { return false }
        return url.hasPassword
    }
}
