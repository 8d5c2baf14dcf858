import SchedulerDomain
import Testing

@testable import SchedulerInfrastructure

@Suite("PostgreSQL parameters")
struct PostgresParameterTests {
    @Test("an array of integers has dimensions, type and lengths before its elements")
    func integers() {
        #expect(
            PostgresParameter.int4s([1, nil]).bytes == [
                0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1,
                0, 0, 0, 4, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF,
            ])
    }

    @Test("an empty array has no dimension")
    func empty() {
        #expect(PostgresParameter.texts([]).bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25])
    }

    @Test("a time is microseconds since 2000, also before it")
    func times() {
        #expect(
            PostgresParameter.instant(UTCInstant(secondsSinceEpoch: 946_684_801)).bytes
                == [0, 0, 0, 0, 0, 0x0F, 0x42, 0x40])
        #expect(
            PostgresParameter.instant(UTCInstant(microsecondsSinceEpoch: 946_684_799_999_999)).bytes
                == [UInt8](repeating: 0xFF, count: 8))
    }

    @Test("jsonb is version 1 and the text")
    func json() {
        #expect(PostgresParameter.jsonb(.object(["a": 1])).bytes == [1] + Array(#"{"a":1}"#.utf8))
        #expect(PostgresParameter.jsonb(nil).bytes == nil)
    }

    @Test("every array comes back as it went in", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"))
    func roundTrip() async throws {
        let pool = PostgresPool(try PostgresTestServer.configuration(), logger: PostgresTestServer.logger)
        let ids: [UInt128?] = [0, nil, .max, 0x0190_0000_0000_7000_8000_0000_0000_0001]
        let texts: [String?] = ["", "Zeile\n\"ü\"", nil, "{}"]
        let times: [UTCInstant?] = [.epoch, nil, .distantPast, .distantFuture]
        let values: [JSONValue?] = [["k": [1, 2.5, nil]], nil, "x", .null]
        let statement = PostgresStatement.read(
            "test.roundTrip",
            """
            SELECT id, word, at, value, count, big, flag, ARRAY['a', '', 'ü'], ARRAY[]::text[]
            FROM unnest($1, $2, $3, $4, $5, $6, $7) AS rows (id, word, at, value, count, big, flag)
            """)
        try await pool.withSession("round trip") { session in
            let rows = try session.execute(
                statement,
                [
                    .uuids(ids), .texts(texts), .instants(times), .jsonbs(values), .int4s([1, nil, -3, 4]),
                    .int8s([.max, nil, .min, 0]), .bools([true, false, true, false]),
                ])
            let read = try rows.map { row in
                let id = try row.optionalUUID()
                let text = row.optionalText()
                let time = try row.optionalInstant()
                let value = try row.optionalJSON()
                let count = try row.optionalInt()
                let big = try row.optionalInt64()
                let flag = try row.bool()
                let words = try row.texts()
                let none = try row.texts()
                #expect(words == ["a", "", "ü"] && none.isEmpty)
                return (id, text, time, value, count, big, flag)
            }
            #expect(read.map(\.0) == ids)
            #expect(read.map(\.1) == texts)
            #expect(read.map(\.2) == times)
            #expect(read.map(\.3) == values)
            #expect(read.map(\.4) == [1, nil, -3, 4])
            #expect(read.map(\.5) == [.max, nil, .min, 0])
            #expect(read.map(\.6) == [true, false, true, false])
        }
        await pool.shutdown()
    }
}
