public import SchedulerDomain

/// Something that a worker shall do.
///
/// A hint where it concerns runs: the store says the same in the heartbeat's answer.
public enum SystemCommand: Sendable, Hashable {
    /// Cancel these runs if they run here.
    case cancel([RunID])
    /// Take nothing new, finish or hand back what runs, and end.
    case drain
    /// Read the configuration anew and apply what can change.
    case reloadConfiguration

    public func encoded(at now: UTCInstant, expiresAt: UTCInstant? = nil) -> [UInt8] {
        MessageEnvelope(.systemCommand, at: now, expiresAt: expiresAt).encoded { bytes in
            bytes.writeObject { object in
                object.member("command", plain: wireName)
                guard case .cancel(let runs) = self else { return }
                object.member("run_ids") { bytes in
                    bytes.writeList(runs) { run, bytes in JSONValue.write(run.description, into: &bytes) }
                }
            }
        }
    }

    private var wireName: String {
        switch self {
        case .cancel: "cancel"
        case .drain: "drain"
        case .reloadConfiguration: "reload_configuration"
        }
    }

    init(_ fields: MessageFields) throws(MessageError) {
        let payload = try fields.object("payload")
        switch try payload.string("command") {
        case "cancel":
            let texts = try payload.strings("run_ids")
            let runs = texts.compactMap { RunID($0) }
            guard runs.count == texts.count else { throw payload.wrong("run_ids", "holds something else than UUIDs") }
            self = .cancel(runs)
        case "drain": self = .drain
        case "reload_configuration": self = .reloadConfiguration
        default: throw payload.wrong("command", "is not a command of ours")
        }
    }
}
