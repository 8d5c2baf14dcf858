import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// Zones whose rules a test exchanges.
final class ChangingZones: ZoneCatalog {
    private struct State {
        var version = "2027a"
        /// Zones that follow the rules of another one; nil: the zone is gone.
        var replaced: [String: String?] = [:]
    }

    private let state = Mutex(State())

    var version: String { state.withLock { $0.version } }

    func zone(_ name: String) throws -> ZoneRules {
        guard let source = state.withLock({ $0.replaced[name, default: name] }) else {
            throw SchedulerError.invalid("timezone", "\"\(name)\" is not a known IANA time zone")
        }
        return try SystemZones.shared.zone(source)
    }

    /// Publishes another release, in which a zone follows the rules of another one, or is gone.
    func publish(_ version: String, _ name: String, follows other: String?) {
        state.withLock { state in
            state.version = version
            state.replaced[name] = .some(other)
        }
    }
}
