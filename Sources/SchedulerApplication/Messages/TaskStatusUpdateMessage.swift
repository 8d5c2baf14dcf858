public import SchedulerDomain
import SchedulerErrors

/// What attempts came to, one or many.
///
/// An outcome is a fact, so the message is persistent and confirmed.
public struct TaskStatusUpdateMessage: Sendable, Hashable {
    /// The most outcomes in one message.
    public static let maxOutcomes = 100

    public var outcomes: [RunOutcome]

    public init(outcomes: [RunOutcome]) { self.outcomes = outcomes }

    /// The message as bytes, in an envelope of its own.
    public func encoded(at now: UTCInstant) -> [UInt8] { encoded(in: MessageEnvelope(.taskStatusUpdate, at: now)) }

    public func encoded(in envelope: MessageEnvelope) -> [UInt8] {
        envelope.encoded { bytes in
            bytes.writeList(outcomes) { outcome, bytes in
                bytes.writeObject { outcome.write(into: &$0) }
            }
        }
    }

    init(_ fields: MessageFields) throws(MessageError) {
        var outcomes: [RunOutcome] = []
        for object in try fields.objects("payload") { outcomes.append(try RunOutcome(object)) }
        self.outcomes = outcomes
    }
}

extension RunOutcome {
    /// The routing key that says how it ended.
    public var statusKey: MessageRoute.StatusKey {
        switch ending {
        case .success: .success
        case .failure, .timeout: .failed
        case .interruption: .completed
        }
    }

    func write(into object: inout JSONObjectWriter) {
        attempt.write(into: &object)
        object.member("worker_id", plain: worker.description)
        object.member("ending", plain: ending.wireName)
        if let errorType { object.member("error_type", plain: errorType.rawValue) }
        object.member("started_at", startedAt)
        object.member("ended_at", endedAt)
        if let result { object.member("result") { result.write(into: &$0) } }
        if let exitCode { object.member("exit_code", exitCode) }
        if let errorMessage { object.member("error_message", errorMessage) }
        if let errorStack { object.member("error_stack", errorStack) }
        if let usage {
            object.member("cpu_time_us", usage.cpuTime.microseconds)
            object.member("memory_peak_bytes", usage.peakMemoryBytes)
        }
        if returnDelay > .zero { object.member("return_delay_ms", Int(clamping: returnDelay.milliseconds)) }
    }

    init(_ fields: MessageFields) throws(MessageError) {
        self.init(
            attempt: try RunAttempt(fields),
            worker: try fields.workerID("worker_id"),
            ending: try Ending(fields),
            startedAt: try fields.instant("started_at"),
            endedAt: try fields.instant("ended_at"),
            result: fields.value("result")?.withoutNUL,
            exitCode: try fields.optionalInteger("exit_code").map { Int(clamping: $0) },
            errorMessage: try fields.optionalString("error_message")?.withoutNUL,
            errorStack: try fields.optionalString("error_stack")?.withoutNUL,
            usage: try ResourceUsage(fields),
            returnDelay: .milliseconds(
                max(0, min(try fields.optionalInteger("return_delay_ms") ?? 0, longestReturnDelay))))
    }
}

/// What a message may say: figures beyond these are damaged, and calculating with them would overflow.
private let longestReturnDelay: Int64 = 86_400_000
private let mostMemory: Int64 = 1 << 50

extension ResourceUsage {
    /// Nil where the message tells of none, as those of older workers do.
    fileprivate init?(_ fields: MessageFields) throws(MessageError) {
        guard let cpuTime = try fields.optionalInteger("cpu_time_us"),
            let memory = try fields.optionalInteger("memory_peak_bytes")
        else { return nil }
        self.init(cpuTime: .microseconds(max(0, cpuTime)), peakMemoryBytes: max(0, min(memory, mostMemory)))
    }
}

extension RunOutcome.Ending {
    var wireName: String {
        switch self {
        case .success: "success"
        case .failure: "failure"
        case .timeout: "timeout"
        case .interruption: "interruption"
        }
    }

    init(_ fields: MessageFields) throws(MessageError) {
        switch try fields.string("ending") {
        case "success": self = .success
        case "timeout": self = .timeout
        case "interruption": self = .interruption
        case "failure":
            self = .failure(try fields.parsed("error_type", "an error type") { ErrorType(rawValue: $0) })
        default: throw fields.wrong("ending", "is not an ending")
        }
    }
}

/// Neither store can keep a NUL. Executors take it out; where one came through all the same, the outcome is a fact that
/// must not be lost for it, so it becomes the replacement character here.
extension String {
    fileprivate var withoutNUL: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}

extension JSONValue {
    fileprivate var withoutNUL: JSONValue {
        guard containsNUL else { return self }
        return switch self {
        case .null, .bool, .integer, .number: self
        case .string(let text): .string(text.withoutNUL)
        case .array(let elements): .array(elements.map(\.withoutNUL))
        case .object(let members):
            .object(Dictionary(members.map { ($0.key.withoutNUL, $0.value.withoutNUL) }) { first, _ in first })
        }
    }
}
