import Foundation
import SchedulerDomain
import SchedulerErrors

@testable import SchedulerApplication

/// The messages as `Codable` sees them: what the hand-written codecs are held to.
struct WireMessage<Payload: Codable & Equatable>: Codable, Equatable {
    var id: String
    var messageType: String
    var correlationId: String?
    var payload: Payload
    var timestamp: UTCInstant
    var retryCount: Int
    var expiresAt: UTCInstant?
    var version: Int

    init(decoding bytes: [UInt8]) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Self.self, from: Data(bytes))
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try Array(encoder.encode(self))
    }
}

struct WireAttempt: Codable, Equatable {
    var runId: RunID
    var attempt: Int

    init(_ attempt: RunAttempt) {
        runId = attempt.run
        self.attempt = attempt.attempt
    }
}

struct WireOutcome: Codable, Equatable {
    var runId: RunID
    var attempt: Int
    var workerId: WorkerID
    var ending: String
    var errorType: ErrorType?
    var startedAt: UTCInstant
    var endedAt: UTCInstant
    var result: JSONValue?
    var exitCode: Int?
    var errorMessage: String?
    var errorStack: String?
    var cpuTimeUs: Int64?
    var memoryPeakBytes: Int64?
    var returnDelayMs: Int64?

    init(_ outcome: RunOutcome) {
        runId = outcome.attempt.run
        attempt = outcome.attempt.attempt
        workerId = outcome.worker
        ending =
            switch outcome.ending {
            case .success: "success"
            case .failure: "failure"
            case .timeout: "timeout"
            case .interruption: "interruption"
            }
        errorType = outcome.errorType
        startedAt = outcome.startedAt
        endedAt = outcome.endedAt
        result = outcome.result
        exitCode = outcome.exitCode
        errorMessage = outcome.errorMessage
        errorStack = outcome.errorStack
        cpuTimeUs = outcome.usage?.cpuTime.microseconds
        memoryPeakBytes = outcome.usage?.peakMemoryBytes
        returnDelayMs = outcome.returnDelay > .zero ? outcome.returnDelay.milliseconds : nil
    }
}
