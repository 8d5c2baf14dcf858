public import SchedulerDomain

/// Outcomes that travel in one message: of one routing key, at most a hundred, and of bounded size.
public struct OutcomeParcel: Sendable, Hashable {
    /// A parcel is closed when it has reached this many bytes; one outcome may be larger by itself.
    static let targetBytes = 1 << 20

    /// What travels in it, so that the sender knows what became of each outcome.
    public let outcomes: [RunOutcome]
    public let message: OutgoingMessage

    /// Packs outcomes, each kind in its order.
    ///
    /// - Parameter headers: of every message, for example W3C trace context.
    public static func pack(
        _ outcomes: [RunOutcome], at now: UTCInstant, headers: [String: String] = [:]
    ) -> [OutcomeParcel] {
        MessageRoute.StatusKey.allCases.flatMap { key in
            split(outcomes.filter { $0.statusKey == key }).map { group in
                OutcomeParcel(
                    outcomes: group,
                    message: OutgoingMessage(
                        route: .status(key), body: TaskStatusUpdateMessage(outcomes: group).encoded(at: now),
                        headers: headers))
            }
        }
    }

    private static func split(_ outcomes: [RunOutcome]) -> [[RunOutcome]] {
        var groups: [[RunOutcome]] = []
        var size = 0
        for outcome in outcomes {
            let isFull =
                groups.last.map { $0.count == TaskStatusUpdateMessage.maxOutcomes || size >= targetBytes } ?? true
            if isFull {
                groups.append([])
                size = 0
            }
            groups[groups.count - 1].append(outcome)
            size += outcome.roughSize
        }
        return groups
    }
}

extension RunOutcome {
    /// About how many bytes it takes.
    fileprivate var roughSize: Int {
        300 + (errorMessage?.utf8.count ?? 0) + (errorStack?.utf8.count ?? 0) + (result?.roughSize ?? 0)
    }
}

extension JSONValue {
    fileprivate var roughSize: Int {
        switch self {
        case .null, .bool, .integer, .number: 8
        case .string(let text): text.utf8.count + 2
        case .array(let elements): elements.reduce(2) { $0 + $1.roughSize + 1 }
        case .object(let members): members.reduce(2) { $0 + $1.key.utf8.count + $1.value.roughSize + 4 }
        }
    }
}
