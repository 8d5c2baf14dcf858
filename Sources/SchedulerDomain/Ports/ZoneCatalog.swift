/// Knows the rules of time zones.
public protocol ZoneCatalog: Sendable {
    /// The release of the rules, for example `2026a`; `unknown` where the system does not tell.
    var version: String { get }

    /// Returns the rules of a zone by its IANA name.
    ///
    /// - Throws: `validation` for the field `timezone`, for a name that is not known.
    func zone(_ name: String) throws -> ZoneRules
}
