import Testing

@testable import SchedulerWorker

@Suite("Captured output")
struct CapturedOutputTests {
    private func captured(_ text: [UInt8], limit: Int = 100, chunk: Int = 7) -> CapturedOutput {
        var output = CapturedOutput(limit: limit)
        var rest = text[...]
        while !rest.isEmpty {
            Array(rest.prefix(chunk)).withUnsafeBytes { output.append($0) }
            rest = rest.dropFirst(chunk)
        }
        return output
    }

    @Test("output up to the limit is kept whole", arguments: [0, 1, 50, 51, 99, 100])
    func keepsWhole(count: Int) {
        let text = String((0..<count).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
        #expect(captured(Array(text.utf8)).text() == text)
    }

    @Test("of longer output beginning and end are kept, and the cut is named", arguments: [101, 150, 1_000, 12_345])
    func cutsTheMiddle(count: Int) {
        let bytes = (0..<count).map { UInt8(97 + $0 % 26) }
        let text = captured(bytes).text()
        #expect(text.hasPrefix(String(decoding: bytes.prefix(50), as: UTF8.self) + "\n"))
        #expect(text.hasSuffix("\n" + String(decoding: bytes.suffix(50), as: UTF8.self)))
        #expect(text.contains("[… \(count - 100) bytes cut …]"))
    }

    @Test("a smaller limit cuts what was kept whole, too")
    func cutsForTheResult() {
        let text = captured(Array("0123456789abcdefghij".utf8)).text(limit: 8)
        #expect(text == "0123\n[… 12 bytes cut …]\nghij")
    }

    @Test("a cut does not leave half a character")
    func cutsBetweenCharacters() {
        let text = captured(Array("ab€€€€€€€€yz".utf8)).text(limit: 8)
        #expect(!text.contains("\u{FFFD}"))
        #expect(text.hasPrefix("ab\n"))
        #expect(text.hasSuffix("\nyz"))
    }

    @Test("invalid UTF-8 and NUL become replacement characters")
    func repairs() {
        let text = captured([0x61, 0xFF, 0x62, 0x00, 0x63]).text()
        #expect(text == "a\u{FFFD}b\u{FFFD}c")
    }
}
