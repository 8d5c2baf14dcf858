/// Why a run exists.
public enum TriggerType: String, Sendable, Codable, CaseIterable {
    case scheduled
    case manual
    /// A person's retry of a finished run.
    case retry
    case dependency
    case backfill
}
