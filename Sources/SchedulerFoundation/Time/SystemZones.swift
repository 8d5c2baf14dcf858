public import SchedulerDomain
private import SchedulerErrors
private import Synchronization

/// The time zones of this machine, from its compiled zone files (`/usr/share/zoneinfo`, or the folder TZDIR names).
///
/// Rules are kept once read. Whether another release was installed is looked at once a minute, on use; from then on its
/// rules hold, without a restart.
public final class SystemZones: ZoneCatalog {
    public static let shared = SystemZones()

    private struct State {
        var rules: [String: ZoneRules] = [:]
        var version = "unknown"
        var stamp: [FileStamp?] = []
        var nextLook: MonotonicInstant?
    }

    private let files: ZoneFiles
    private let now: @Sendable () -> MonotonicInstant
    private let state = Mutex(State())

    /// More zones than there are.
    private static let mostKept = 1_000
    private static let lookInterval = Duration.seconds(60)

    public convenience init() { self.init(.ofSystem) }

    init(_ files: ZoneFiles, now: @escaping @Sendable () -> MonotonicInstant = { .now }) {
        self.files = files
        self.now = now
    }

    public var version: String {
        state.withLock { state in
            refresh(&state)
            return state.version
        }
    }

    public func zone(_ name: String) throws -> ZoneRules {
        if name == ZoneRules.utc.name { return .utc }
        let known = try state.withLock { state in
            refresh(&state)
            return try state.rules[name] ?? read(name, into: &state)
        }
        // Looking for near names takes a while, so it is done outside the lock.
        guard let known else { throw unknown(name) }
        return known
    }

    private func read(_ name: String, into state: inout State) throws -> ZoneRules? {
        guard let file = files.file(of: name) else { return nil }
        let rules = try ZoneRules(name: name, file: file)
        if state.rules.count >= SystemZones.mostKept { state.rules.removeAll() }
        state.rules[name] = rules
        return rules
    }

    /// Forgets everything if the files are of another release than at the last look.
    private func refresh(_ state: inout State) {
        let now = now()
        if let nextLook = state.nextLook, now < nextLook { return }
        state.nextLook = now.advanced(by: SystemZones.lookInterval)
        let stamp = files.stamp
        guard stamp != state.stamp else { return }
        state.stamp = stamp
        state.version = files.version
        state.rules.removeAll()
    }

    private func unknown(_ name: String) -> SchedulerError {
        let all = files.names()
        guard !all.isEmpty else {
            return .invalid(
                "timezone",
                "\"\(name)\" cannot be looked up: this system has no time zone files in \(files.folder); "
                    + "install the package tzdata, or use UTC")
        }
        let near = NearestNames(to: name, among: all).names
        let hint =
            near.isEmpty
            ? ", for example Europe/Berlin"
            : "; did you mean " + near.dropLast().joined(separator: ", ") + (near.count > 1 ? " or " : "")
                + (near.last ?? "") + "?"
        return .invalid("timezone", "\"\(name)\" is not a known IANA time zone\(hint)")
    }
}
