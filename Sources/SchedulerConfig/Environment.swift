/// What an installation is for.
public enum Environment: String, Sendable, CaseIterable {
    case development
    case testing
    case staging
    case production
}
