/// How a worker runs tasks that are processes; part of the section `worker`.
public struct TaskProcessConfig: Sendable {
    /// The program of the keeper; nil: the worker's own executable.
    public var keeper: String?
    /// The user as whom tasks run; nil: the worker's.
    public var runAs: String?
    /// Whether a worker that is root may run tasks as root.
    public var allowRootTasks = Defaults.allowRootTasks
    /// The file mode creation mask of tasks; nil: the worker's.
    public var umask: Int?
    public var controlGroup = ControlGroupChoice.automatic

    public init() {}
}

/// Where tasks get control groups of their own (cgroup v2).
public enum ControlGroupChoice: Sendable, Hashable {
    /// In the worker's own group, where that can be written.
    case automatic
    /// Nowhere.
    case off
    /// In this folder, which is for it alone.
    case folder(String)
}

enum TaskProcessSettings {
    static let keeper = Setting(
        "worker.keeper", default: String?.none, .optionalText, defaultText: "the worker's own executable",
        "The program that starts and ends the worker's tasks."
    )
    static let runAs = Setting(
        "worker.run_as", default: String?.none, .optionalText, defaultText: "none",
        "The user, by name or number, as whom a worker that is root runs tasks; without it such a worker does not start."
    )
    static let allowRootTasks = Setting(
        "worker.allow_root_tasks", default: Defaults.allowRootTasks, .flag,
        "Whether a worker that is root may run tasks as root."
    )
    static let umask = Setting(
        "worker.umask", default: Int?.none, .octal(0...0o777), defaultText: "the worker's",
        "The file mode creation mask of tasks, in octal, for example `027`."
    )
    static let controlGroup = Setting(
        "worker.control_group", default: ControlGroupChoice.automatic, .controlGroup,
        "Where each task gets a control group (cgroup v2) of its own: `auto`, `off`, or a folder that is for it alone."
    )

    static let all = [
        keeper.summary, runAs.summary, allowRootTasks.summary, umask.summary, controlGroup.summary,
    ]
}

extension TaskProcessConfig {
    init(from reader: inout SettingReader) {
        keeper = reader.read(TaskProcessSettings.keeper)
        runAs = reader.read(TaskProcessSettings.runAs)
        allowRootTasks = reader.read(TaskProcessSettings.allowRootTasks)
        umask = reader.read(TaskProcessSettings.umask)
        controlGroup = reader.read(TaskProcessSettings.controlGroup)
    }
}

extension ValueForm where Value == String? {
    /// Any text; none where it is empty.
    fileprivate static var optionalText: Self {
        Self(
            parse: { text throws(Misfit) in
                guard !text.contains("\0") else { throw Misfit("must not hold a NUL character") }
                return text.trimmed.isEmpty ? nil : text.trimmed
            },
            show: { $0 ?? "" }
        )
    }
}

extension ValueForm where Value == Int? {
    fileprivate static func octal(_ range: ClosedRange<Int>) -> Self {
        Self(
            parse: { text throws(Misfit) in
                guard !text.trimmed.isEmpty else { return nil }
                guard let value = Int(text.trimmed, radix: 8), range.contains(value) else {
                    throw Misfit("must be an octal number from 000 to \(String(range.upperBound, radix: 8))")
                }
                return value
            },
            show: { $0.map { String($0, radix: 8) } ?? "" }
        )
    }
}

extension ValueForm where Value == ControlGroupChoice {
    fileprivate static var controlGroup: Self {
        Self(
            parse: { text throws(Misfit) in
                switch text.trimmed {
                case "auto": return .automatic
                case "off": return .off
                case let path where path.hasPrefix("/") && !path.contains("\0"): return .folder(path)
                default: throw Misfit("must be auto, off, or the absolute path of a folder")
                }
            },
            show: { choice in
                switch choice {
                case .automatic: "auto"
                case .off: "off"
                case .folder(let path): path
                }
            }
        )
    }
}
