/// One setting: its key, how its text is read, its default, and a line for people.
///
/// Sections declare theirs.
struct Setting<Value: Sendable>: Sendable {
    let summary: SettingSummary
    let defaultValue: Value
    let form: ValueForm<Value>

    /// Declares a setting.
    ///
    /// - Parameters:
    ///   - key: `section.key`, as in the file; `SCHEDULER_SECTION_KEY` is its variable.
    ///   - alias: a plain variable that sets it too.
    ///   - isSecret: whether its value may hold a password.
    ///   - defaultText: for the documentation, where the default differs between machines.
    ///   - meaning: one sentence.
    init(
        _ key: String,
        alias: String? = nil,
        default value: Value,
        _ form: ValueForm<Value>,
        isSecret: Bool = false,
        defaultText: String? = nil,
        _ meaning: String
    ) {
        summary = SettingSummary(
            key: key, alias: alias, defaultText: defaultText ?? form.show(value), isSecret: isSecret, meaning: meaning
        )
        defaultValue = value
        self.form = form
    }
}

/// What the documentation says about a setting.
public struct SettingSummary: Sendable, Hashable {
    /// `section.key`, as in the configuration file.
    public let key: String
    /// A plain variable that sets it too, such as `DATABASE_URL`.
    public let alias: String?
    /// The default as the file would write it, or in words; empty for none.
    public let defaultText: String
    /// Whether its value may hold a password.
    public let isSecret: Bool
    /// What it is, in one or two sentences.
    public let meaning: String

    /// The variables that set it, the one that wins first.
    public var variables: [String] {
        ["SCHEDULER_" + key.replacing(".", with: "_").uppercased()] + (alias.map { [$0] } ?? [])
    }
}

/// All settings, in the order of the documentation.
public enum Settings {
    static let environment = Setting(
        "environment", default: Defaults.environment, .choice(), "What this installation is for."
    )

    public static let all: [SettingSummary] =
        [environment.summary] + DatabaseSettings.all + MessageQueueSettings.all + APISettings.all + AdminSettings.all
        + WorkerSettings.all + DispatcherSettings.all + StandaloneSettings.all + LogSettings.all
}
