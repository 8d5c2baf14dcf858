import Foundation
import SchedulerDomain
import Testing

@Suite("JSON text")
struct JSONValueTextTests {
    @Test(
        "is compact, with keys in order",
        arguments: [
            (.null, "null"), (true, "true"), (-7, "-7"), (2.5, "2.5"),
            ("a\"\\\n\t\r\u{1}/é🕑", #""a\"\\\n\t\r\u0001/é🕑""#),
            ([], "[]"), ([:], "{}"), ([1, "a", nil, [false]], #"[1,"a",null,[false]]"#),
            (["b": 1, "a": ["c": nil]], #"{"a":{"c":null},"b":1}"#), (.number(.infinity), "null"),
            (.number(.nan), "null"),
            (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
        ] as [(JSONValue, String)])
    func written(value: JSONValue, text: String) {
        #expect(value.text == text)
    }

    @Test(
        "reads back to the same value, and Foundation agrees",
        arguments: [
            [:], ["a": [1, -2, 2.5, 1e300, .number(.leastNonzeroMagnitude)], "": "", "ключ": ["\u{1F}": "\u{7F}"]],
            "\u{2028}\u{FFFF}",
            .integer(.max), .integer(.min), .integer(1 << 53), true, nil, [[[[1]]]],
        ] as [JSONValue])
    func roundTrip(value: JSONValue) throws {
        #expect(try JSONValue(parsing: value.text) == value)
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(value.text.utf8)) == value)
        #expect(try JSONValue(parsing: String(decoding: JSONEncoder().encode(value), as: UTF8.self)) == value)
    }

    @Test("of a NUL is found wherever it hides")
    func nul() {
        #expect(JSONValue.string("a\0").containsNUL)
        #expect(JSONValue.object(["a\0": 1]).containsNUL)
        #expect(JSONValue.array([1, ["x": ["\0"]]]).containsNUL)
        #expect(!JSONValue.array([1, ["x": ["a"]], nil]).containsNUL)
    }
}
