import SchedulerDomain
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    @Test(
        "every kind of value is read",
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("false", false), ("0", 0), ("-1", -1), ("42", 42),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", 1.5), ("-2e3", -2_000.0),
            ("1E+2", 100.0), ("\"\"", ""), ("\"ä€😀\"", "ä€😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u00e4\ud83d\ude00!""#, "ä😀!"), ("[]", []), ("[ 1 , [ 2 ] ]", [1, [2]]), ("{}", [:]),
            (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [nil]]]),
        ] as [(String, JSONValue)])
    func valuesAreRead(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(
        "what is not strict JSON is refused with its place",
        arguments: [
            ("", 1, "empty"), (" ", 2, "empty"), ("{", 2, "key"), ("[1,]", 4, "begin"), ("[1 2]", 4, "comma"),
            (#"{"a" 1}"#, 6, "colon"), (#"{"a":1,}"#, 8, "key"), ("{a:1}", 2, "key"), ("01", 1, "begin with 0"),
            ("1.", 3, "digit"), ("-", 2, "digit"), ("1e", 3, "digit"), ("+1", 1, "begin"), ("tru", 1, "begin"),
            ("NaN", 1, "begin"), ("1e999", 1, "out of range"), ("1 2", 3, "after"), ("\"a", 1, "not closed"),
            ("\"\\x\"", 2, "escape"), ("\"\\u12\"", 6, "hexadecimal"), (#""\ud800""#, 2, "surrogate"),
            (#""\ude00""#, 2, "surrogate"), (#""\ud800\u0041""#, 2, "surrogate"), ("\"a\tb\"", 3, "control"),
            (#"{"a":1,"a":2}"#, 8, "twice"), (#"{"a":1,"\u0061":2}"#, 8, "twice"),
        ])
    func faultsAreRefused(text: String, column: Int, reason: String) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
        #expect(error?.column == column)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test("a fault is counted in lines")
    func lineIsNamed() {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "{\n  \"a\": 1,\n  b\n}") }
        #expect(error?.line == 3)
        #expect(error?.column == 3)
        #expect(error?.description == "line 3, column 3: a key in double quotes should be here")
    }

    @Test("bytes that are not UTF-8 are refused")
    func invalidUTF8IsRefused() {
        let bytes: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
        #expect(throws: JSONSyntaxError.self) { try bytes.withUnsafeBytes { try JSONValue(parsing: $0) } }
    }

    @Test("depth is bounded, and the bound itself is allowed")
    func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(64), maxDepth: 64)
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: nested(65), maxDepth: 64) }
        #expect(error?.reason.contains("64") == true)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
    }

    @Test("what is written is read back the same")
    func writingRoundTrips() throws {
        let value: JSONValue = [
            "text": "line\nquote\" \u{1} 😀", "numbers": [0, -1, 1.5, .number(1e300), .number(1), .integer(.max)],
            "deep": [["a": nil, "b": true]],
        ]
        #expect(try JSONValue(parsing: value.text) == value)
    }

    @Test("NUL is read, since only the reader of a field can say which field holds it")
    func nulIsRead() throws {
        #expect(try JSONValue(parsing: #"{"a":"x\u0000"}"#).containsNUL)
    }
}
