import Foundation
import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerApplication

@Suite("Messages")
struct MessageCodecTests {
    private static let now = UTCInstant(microsecondsSinceEpoch: 1_795_000_000_123_456)
    private static let worker = WorkerID(bits: 0x018F_0000_0000_7000_8000_0000_0000_0009)

    private static func attempt(_ number: Int) -> RunAttempt {
        RunAttempt(run: RunID(bits: 0x018F_0000_0000_7000_8000_0000_0000_0000 | UInt128(number)), attempt: number)
    }

    static let outcomes: [RunOutcome] = [
        RunOutcome(attempt: attempt(1), worker: worker, ending: .success, startedAt: now, endedAt: now),
        RunOutcome(
            attempt: attempt(2), worker: worker, ending: .failure(.network), startedAt: .epoch, endedAt: now,
            result: ["stdout": "a\"b\\c\n\t\u{1}\u{7f}é\u{1F600}", "list": [1, -2, 1.5, true, nil, [], ["x": [:]]]],
            exitCode: -9, errorMessage: "no \"route\" to \u{2028} host/…"),
        RunOutcome(
            attempt: attempt(3), worker: worker, ending: .timeout, startedAt: now, endedAt: .distantFuture, result: nil,
            exitCode: Int(Int32.max), errorMessage: "", errorStack: "a\n\tb \"c\"",
            usage: ResourceUsage(cpuTime: .microseconds(12_345_678), peakMemoryBytes: 1 << 40)),
        RunOutcome(
            attempt: attempt(4), worker: worker, ending: .interruption, startedAt: .distantPast, endedAt: now,
            result: .integer(.max)),
        RunOutcome(
            attempt: attempt(5), worker: worker, ending: .interruption, startedAt: now, endedAt: now,
            returnDelay: .seconds(5)),
    ]

    // MARK: - Held to Codable

    @Test("Codable reads what we write of attempts, and we read what Codable writes")
    func attemptsAgree() throws {
        let attempts = (1...32).map { Self.attempt($0) }
        let ours = TaskExecutionMessage(attempts: attempts).encoded(at: Self.now)
        let wire = try WireMessage<[WireAttempt]>(decoding: ours)
        #expect(wire.payload == attempts.map { WireAttempt($0) })
        #expect(wire.messageType == "TaskExecution")
        #expect(wire.timestamp == Self.now)
        #expect(wire.version == 1)
        #expect(try MessageDecoder.attempts(in: ours) == attempts)
        #expect(try MessageDecoder.attempts(in: wire.encoded()) == attempts)
    }

    @Test("Codable reads what we write of outcomes, and we read what Codable writes")
    func outcomesAgree() throws {
        let ours = TaskStatusUpdateMessage(outcomes: Self.outcomes).encoded(at: Self.now)
        let wire = try WireMessage<[WireOutcome]>(decoding: ours)
        #expect(wire.payload == Self.outcomes.map { WireOutcome($0) })
        #expect(try MessageDecoder.outcomes(in: ours) == Self.outcomes)
        #expect(try MessageDecoder.outcomes(in: wire.encoded()) == Self.outcomes)
    }

    @Test("a message comes back whole, with its envelope")
    func roundTrips() throws {
        var envelope = MessageEnvelope(.taskExecution, at: Self.now, correlationID: "c\"1", retryCount: 3)
        envelope.expiresAt = Self.now.advanced(by: .seconds(5))
        let bytes = TaskExecutionMessage(attempts: []).encoded(in: envelope)
        #expect(try MessageDecoder.decode(bytes) == IncomingMessage(envelope: envelope, content: .taskExecution([])))
        #expect(!envelope.isExpired(at: Self.now))
        #expect(envelope.isExpired(at: Self.now.advanced(by: .seconds(5))))
    }

    @Test(
        "commands come back as they were",
        arguments: [SystemCommand.cancel([attempt(1).run, attempt(2).run]), .cancel([]), .drain, .reloadConfiguration])
    func commands(command: SystemCommand) throws {
        let message = try MessageDecoder.decode(command.encoded(at: Self.now))
        #expect(message.content == .systemCommand(command))
    }

    @Test("workers' messages come back as they were")
    func workers() throws {
        let beat = Heartbeat(worker: Self.worker, status: .busy, currentTaskCount: 2, held: [Self.attempt(1)])
        #expect(try MessageDecoder.decode(beat.encoded(at: Self.now)).content == .workerHeartbeat(beat))
        let info = WorkerInfo(
            id: Self.worker, name: "w", hostname: "h", port: 80, taskTypes: ["shell", "http"], maxConcurrentTasks: 4,
            status: .registering, lastHeartbeat: Self.now, registeredAt: Self.now, version: "1", labels: ["zone": "a"])
        let registration = try MessageDecoder.decode(info.encodedRegistration(at: Self.now))
        #expect(registration.content == .workerRegistration(info))
        let probe = try MessageDecoder.decode(HealthCheckMessage().encoded(at: Self.now, correlationID: "p"))
        #expect(probe.content == .healthCheck)
        #expect(probe.envelope.correlationID == "p")
    }

    // MARK: - What others write

    private func message(
        type: String = "\"TaskExecution\"", version: String = "1", payload: String = "[]", more: String = ""
    ) -> [UInt8] {
        Array(
            """
            { "id": "x", "message_type": \(type), "timestamp": "2026-11-21T00:00:00Z", "version": \(version),
              "payload": \(payload)\(more) }
            """.utf8)
    }

    @Test("fields that we do not know are ignored, and optional ones may be absent")
    func unknownFields() throws {
        let payload = #"[{"run_id": "018f0000-0000-7000-8000-000000000001", "attempt": 1, "colour": [{"deep": null}]}]"#
        let bytes = message(payload: payload, more: #", "future": {"a": [1, 2]}"#)
        #expect(try MessageDecoder.attempts(in: bytes) == [Self.attempt(1)])
    }

    @Test("a version or type that we do not know is refused as such, whatever else it holds")
    func unknownKinds() {
        #expect(throws: MessageError.unsupportedVersion(2)) { try MessageDecoder.decode(message(version: "2")) }
        #expect(throws: MessageError.unsupportedVersion(0)) { try MessageDecoder.decode(message(version: "0")) }
        #expect(throws: MessageError.unknownType("Rumour")) {
            try MessageDecoder.decode(message(type: "\"Rumour\"", payload: "{}"))
        }
        #expect(throws: MessageError.misplaced(.taskExecution)) { try MessageDecoder.outcomes(in: message()) }
    }

    @Test(
        "what is malformed is refused with its place",
        arguments: [
            (#"[{"run_id": "018f", "attempt": 1}]"#, "payload[0].run_id"),
            (#"[{"run_id": "018f0000-0000-7000-8000-000000000001", "attempt": 0}]"#, "payload[0].attempt"),
            (#"[{"run_id": "018f0000-0000-7000-8000-000000000001", "attempt": "1"}]"#, "payload[0].attempt"),
            (#"[{"run_id": "018f0000-0000-7000-8000-000000000001"}]"#, "payload[0].attempt is missing"),
            ("[7]", "payload[0] is"), ("{}", "payload is"), ("null", "payload is missing"),
        ])
    func malformed(payload: String, place: String) throws {
        let error = try #require(throws: MessageError.self) {
            try MessageDecoder.attempts(in: message(payload: payload))
        }
        #expect("\(error)".contains(place))
    }

    /// Bytes that are no message; named, since a report would show all five million of them.
    struct Poison: Sendable, CustomStringConvertible {
        let description: String
        let bytes: [UInt8]

        init(_ description: String, _ bytes: [UInt8]) {
            self.description = description
            self.bytes = bytes
        }

        static let all = [
            Poison("nothing", []), Poison("an open brace", Array("{".utf8)), Poison("a list", Array("[]".utf8)),
            Poison("null", Array("null".utf8)), Poison("no fields", Array("{}".utf8)), Poison("a NUL", [0]),
            Poison("no UTF-8", [0x22, 0xFF, 0xFE, 0x22]),
            Poison("a bare NUL in text", Array("{\"id\": \"\u{0}\"}".utf8)),
            Poison("half a surrogate", Array("\"\\ud800\"".utf8)),
            Poison("deep lists", Array(String(repeating: "[", count: 100_000).utf8)),
            Poison("deep objects", Array(String(repeating: #"{"a":"#, count: 100_000).utf8)),
            Poison("five megabytes of text", [UInt8](repeating: UInt8(ascii: "x"), count: 5_000_000)),
            Poison("five megabytes of NUL", [UInt8](repeating: 0, count: 5_000_000)),
        ]
    }

    @Test("bytes that are no message are refused", arguments: Poison.all)
    func noMessage(poison: Poison) throws {
        let error = try #require(throws: MessageError.self) { try MessageDecoder.decode(poison.bytes) }
        guard case .malformed = error else {
            Issue.record("\(error)")
            return
        }
        #expect("\(error)".count < 500)
    }

    @Test("a body beyond all bounds is not even looked at")
    func tooLarge() {
        let bytes = [UInt8](repeating: 0x20, count: MessageDecoder.maxBytes + 1)
        #expect(throws: MessageError.tooLarge(bytes: bytes.count)) { try MessageDecoder.decode(bytes) }
    }

    @Test("a NUL in the text of an outcome does not lose the outcome")
    func escapedNUL() throws {
        var outcome = Self.outcomes[0]
        outcome.errorMessage = "a\u{0}b"
        outcome.errorStack = "\u{0}c"
        outcome.result = ["k\u{0}": ["v\u{0}"]]
        let bytes = TaskStatusUpdateMessage(outcomes: [outcome]).encoded(at: Self.now)
        let read = try MessageDecoder.outcomes(in: bytes)[0]
        #expect(read.errorMessage == "a\u{FFFD}b")
        #expect(read.errorStack == "\u{FFFD}c")
        #expect(read.result == ["k\u{FFFD}": ["v\u{FFFD}"]])
        #expect(read.attempt == outcome.attempt)
    }

    @Test(
        "figures beyond all bounds are moved to the nearest that can be calculated with", arguments: [Int64.min, .max])
    func damagedFigures(number: Int64) throws {
        let text = String(
            decoding: TaskStatusUpdateMessage(outcomes: [Self.outcomes[4]]).encoded(at: Self.now), as: UTF8.self
        )
        .replacing(
            "\"return_delay_ms\":5000",
            with: """
                "return_delay_ms":\(number),"cpu_time_us":\(number),"memory_peak_bytes":\(number)
                """)
        let outcome = try MessageDecoder.outcomes(in: Array(text.utf8))[0]
        #expect((Duration.zero...(.seconds(86_400))).contains(outcome.returnDelay))
        #expect(Self.now.advanced(by: outcome.returnDelay) >= Self.now)
        #expect(try #require(outcome.usage).peakMemoryMegabytes >= 0)
    }

    @Test("an outcome of five megabytes comes back whole")
    func large() throws {
        var outcome = Self.outcomes[0]
        outcome.result = .string(String(repeating: "é\"", count: 1_250_000))
        let bytes = TaskStatusUpdateMessage(outcomes: [outcome]).encoded(at: Self.now)
        #expect(try MessageDecoder.outcomes(in: bytes) == [outcome])
    }

    // MARK: - Parcels

    @Test("outcomes are packed by kind, at most a hundred together and about a megabyte")
    func parcels() throws {
        var outcomes = (1...250).map { number in
            RunOutcome(
                attempt: Self.attempt(number), worker: Self.worker, ending: .success, startedAt: Self.now,
                endedAt: Self.now)
        }
        outcomes[10].ending = .failure(.system)
        outcomes[20].ending = .timeout
        outcomes[30].ending = .interruption
        for number in 40..<44 { outcomes[number].result = .string(String(repeating: "x", count: 600_000)) }
        let parcels = OutcomeParcel.pack(outcomes, at: Self.now, headers: ["traceparent": "t"])
        #expect(Set(parcels.flatMap(\.outcomes)) == Set(outcomes))
        #expect(parcels.allSatisfy { $0.outcomes.count <= 100 && $0.message.body.count < 2_000_000 })
        #expect(parcels.allSatisfy { $0.message.headers == ["traceparent": "t"] })
        for parcel in parcels {
            #expect(try MessageDecoder.outcomes(in: parcel.message.body) == parcel.outcomes)
            #expect(parcel.outcomes.allSatisfy { .status($0.statusKey) == parcel.message.route })
        }
        let routes = Dictionary(grouping: parcels, by: \.message.route).mapValues { $0.flatMap(\.outcomes).count }
        #expect(routes == [.status(.success): 247, .status(.failed): 2, .status(.completed): 1])
        #expect(OutcomeParcel.pack([], at: Self.now) == [])
    }
}
