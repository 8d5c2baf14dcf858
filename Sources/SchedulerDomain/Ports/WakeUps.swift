/// Hints that something is to be done now; lost ones are covered by polling.
public protocol WakeUps: Sendable {
    /// Sends a hint to every process, coalesced: the first at once, later ones at most every few milliseconds.
    func send(_ hint: WakeUp) async

    /// Returns a stream of hints that keeps at most one of each kind; it ends when its reader is cancelled.
    func stream() -> AsyncStream<WakeUp>
}

public enum WakeUp: Sendable, Hashable {
    /// A task was created or changed: look at fire times anew.
    case tasks
    /// A run became pending, or a slot or limit became free: pick.
    case runs
    /// The store has something to tell this worker: beat, and read the answer.
    case worker(WorkerID)
    /// The same for whichever worker it concerns.
    case workers

    /// What is told to everybody who may have missed hints.
    public static let all: [WakeUp] = [.tasks, .runs, .workers]

    /// How many different hints are kept for somebody who does not take them; more are told in general.
    public static let mostKept = 64

    /// The hint that names nobody.
    public var general: WakeUp {
        switch self {
        case .worker: .workers
        case .tasks, .runs, .workers: self
        }
    }

    /// As it is sent between processes.
    public var text: String {
        switch self {
        case .tasks: "tasks"
        case .runs: "runs"
        case .workers: "workers"
        case .worker(let worker): "worker \(worker)"
        }
    }

    /// Reads what a process has sent; nil for what only a newer one understands.
    public init?(_ text: String) {
        if let hint = WakeUp.all.first(where: { $0.text == text }) {
            self = hint
        } else if text.hasPrefix("worker "), let worker = WorkerID(String(text.dropFirst("worker ".count))) {
            self = .worker(worker)
        } else {
            return nil
        }
    }
}

extension Set<WakeUp> {
    /// Keeps a hint for somebody who takes it later.
    ///
    /// - Returns: what was kept, which names nobody where too many are kept already; nil where it was there.
    public mutating func keep(_ hint: WakeUp) -> WakeUp? {
        guard !contains(hint) else { return nil }
        let kept = count < WakeUp.mostKept ? hint : hint.general
        return insert(kept).inserted ? kept : nil
    }
}
