import Foundation
import SchedulerDomain
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test("of runs are UUIDs of version 7 that carry their time")
    func version() {
        let id = RunID(at: at("2026-11-21T01:00:00.123Z"))
        let text = Array(id.description)
        #expect(text.count == 36)
        #expect(text[14] == "7")
        #expect("89ab".contains(text[19]))
        #expect(Int64(id.bits >> 80) == at("2026-11-21T01:00:00.123Z").millisecondsSinceEpoch)
    }

    @Test("sort by time, as values and as text, and no two are the same")
    func order() {
        let start = at("2026-11-21T01:00:00Z")
        let ids = (0..<500).map { RunID(at: start.advanced(by: .milliseconds($0))) }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
        #expect(Set((0..<500).map { _ in RunID(at: start) }).count == 500)
        #expect(RunID.lowest(at: start) <= RunID(at: start))
        #expect(RunID.lowest(at: start) > RunID(at: start.advanced(by: .milliseconds(-1))))
    }

    @Test("are the same after a round trip through text, and agree with Foundation's UUID")
    func roundTrip() {
        for _ in 0..<200 {
            let uuid = UUID()
            let id = RunID(uuid.uuidString)
            #expect(id?.description == uuid.uuidString.lowercased())
            #expect(id.flatMap { RunID($0.description) } == id)
        }
        #expect(WorkerID("00000000-0000-7000-8000-00000000000f")?.bits == 0x7000_8000_0000_0000_000f)
    }

    @Test(
        "are not read from anything else",
        arguments: [
            "", "x", "01234567-89ab-7def-8123-456789abcde", "01234567-89ab-7def-8123-456789abcdef0",
            "0123456789ab7def8123456789abcdef", "01234567-89ab-7def-8123-456789abcdeg",
            "01234567_89ab-7def-8123-456789abcdef",
            "{1234567-89ab-7def-8123-456789abcdef", "01234567-89ab-7def-8123-456789abcdé",
        ])
    func refused(text: String) {
        #expect(RunID(text) == nil)
        #expect(WorkerID(text) == nil)
    }

    @Test("stay in range for times before the epoch and far ahead")
    func extremes() {
        #expect(RunID.lowest(at: UTCInstant(secondsSinceEpoch: -1)).bits == 0)
        #expect(RunID(at: .distantFuture) > RunID(at: at("2026-11-21T01:00:00Z")))
    }

    @Test("of attempts sort by run, then by number")
    func attempts() {
        let run = RunID(bits: 1)
        #expect(RunAttempt(run: run, attempt: 2) < RunAttempt(run: run, attempt: 10))
        #expect(RunAttempt(run: run, attempt: 10) < RunAttempt(run: RunID(bits: 2), attempt: 1))
        #expect(RunAttempt(run: run, attempt: 3).description == "\(run)#3")
    }
}
