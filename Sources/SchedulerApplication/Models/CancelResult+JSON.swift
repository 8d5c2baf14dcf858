package import SchedulerDomain

extension CancelResult {
    /// As the API shows it.
    package var word: String {
        switch self {
        case .ended: "ended"
        case .requested: "requested"
        case .alreadyEnded: "already_ended"
        }
    }
}
