import Foundation
import SchedulerDomain
import SchedulerErrors

@testable import SchedulerApplication

/// The messages as `Codable` sees them: what the hand-written codecs are held to.
struct WireMessage<Payload: Codable & Equatable>: Codable, Equatable {
    var id: String
    var message_type: String
    var correlation_id: String?
    var payload: Payload
    var timestamp: UTCInstant
    var retry_count: Int
    var expires_at: UTCInstant?
    var version: Int

    init(decoding bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    func encoded() throws -> [UInt8] {
        try Array(JSONEncoder().encode(self))
    }
}

struct WireAttempt: Codable, Equatable {
    var run_id: RunID
    var attempt: Int

    init(_ attempt: RunAttempt) {
        run_id = attempt.run
        self.attempt = attempt.attempt
    }
}

struct WireOutcome: Codable, Equatable {
    var run_id: RunID
    var attempt: Int
    var worker_id: WorkerID
    var ending: String
    var error_type: ErrorType?
    var started_at: UTCInstant
    var ended_at: UTCInstant
    var result: JSONValue?
    var exit_code: Int?
    var error_message: String?

    init(_ outcome: RunOutcome) {
        run_id = outcome.attempt.run
        attempt = outcome.attempt.attempt
        worker_id = outcome.worker
        ending =
            switch outcome.ending {
            case .success: "success"
            case .failure: "failure"
            case .timeout: "timeout"
            case .interruption: "interruption"
            }
        error_type = outcome.errorType
        started_at = outcome.startedAt
        ended_at = outcome.endedAt
        result = outcome.result
        exit_code = outcome.exitCode
        error_message = outcome.errorMessage
    }
}
