import SchedulerDomain
import Testing

@Suite("Instants")
struct UTCInstantTests {
    @Test(
        "are written in UTC with as many digits as needed, and read back",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_795_222_800_000_000, "2026-11-21T01:00:00Z"), (1_795_222_800_500_000, "2026-11-21T01:00:00.500Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"), (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
            (253_402_300_799_000_000, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func text(microseconds: Int64, text: String) {
        let instant = UTCInstant(microsecondsSinceEpoch: microseconds)
        #expect(instant.description == text)
        #expect(UTCInstant(text) == instant)
    }

    @Test("are the same after a round trip, whatever they are")
    func roundTrip() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let span = UTCInstant.distantPast.microsecondsSinceEpoch...UTCInstant.distantFuture.microsecondsSinceEpoch
            let instant = UTCInstant(microsecondsSinceEpoch: .random(in: span, using: &random))
            #expect(UTCInstant(instant.description) == instant)
        }
    }

    @Test(
        "are read with offsets, fractions and small letters",
        arguments: [
            ("2026-11-21T02:00:00+01:00", "2026-11-21T01:00:00Z"),
            ("2026-11-20T19:30:00-05:30", "2026-11-21T01:00:00Z"),
            ("2026-11-21T01:00:00+00:00", "2026-11-21T01:00:00Z"), ("2026-11-21t01:00:00z", "2026-11-21T01:00:00Z"),
            ("2026-11-21 01:00:00Z", "2026-11-21T01:00:00Z"), ("2026-11-21T01:00:00.5Z", "2026-11-21T01:00:00.500Z"),
            ("2026-11-21T01:00:00.123456789Z", "2026-11-21T01:00:00.123456Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"), ("2027-01-01T00:30:00+01:00", "2026-12-31T23:30:00Z"),
        ])
    func forms(text: String, canonical: String) {
        #expect(UTCInstant(text)?.description == canonical)
    }

    @Test(
        "are not read from anything else",
        arguments: [
            "", "2026-11-21", "2026-11-21T01:00:00", "2026-11-21T01:00Z", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-21T24:00:00Z",
            "2026-11-21T01:60:00Z", "2026-11-21T01:00:61Z", "2026-11-21T01:00:00.Z", "2026-11-21T01:00:00+1:00",
            "2026-11-21T01:00:00+24:00", "2026-11-21T01:00:00+0100", "2026-11-21T01:00:00ZZ", " 2026-11-21T01:00:00Z",
            "+026-11-21T01:00:00Z", "2026-11-21T01:00:00.1234567890Z", "２０２６-11-21T01:00:00Z",
        ])
    func refused(text: String) {
        #expect(UTCInstant(text) == nil)
    }

    @Test("round whole seconds down, before the epoch too")
    func seconds() {
        #expect(UTCInstant(microsecondsSinceEpoch: 1_999_999).secondsSinceEpoch == 1)
        #expect(UTCInstant(microsecondsSinceEpoch: -1).secondsSinceEpoch == -1)
        #expect(UTCInstant(microsecondsSinceEpoch: -1_000_000).secondsSinceEpoch == -1)
    }

    @Test("advance and measure in microseconds")
    func arithmetic() {
        let start = at("2026-11-21T01:00:00Z")
        let end = start.advanced(by: .milliseconds(1_500))
        #expect(end.description == "2026-11-21T01:00:01.500Z")
        #expect(start.duration(to: end) == .milliseconds(1_500))
        #expect(end.duration(to: start) == .milliseconds(-1_500))
        #expect(start < end)
        #expect(Duration.milliseconds(1_500).inSeconds == 1.5)
        #expect(Duration.nanoseconds(-1_999).microseconds == -1)
    }
}
