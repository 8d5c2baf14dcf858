public import SchedulerDomain

/// The time zones of this machine.
public struct SystemZones: ZoneCatalog {
    public static let shared = SystemZones()

    public let version = "unknown"

    public func zone(_ name: String) throws -> ZoneRules { try ZoneRules(name) }
}
