import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Line splitter")
struct LineSplitterTests {
    private func lines(_ bytes: [UInt8], reads: [Int] = [Int.max]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        var rest = bytes[...]
        var turn = 0
        while !rest.isEmpty {
            let count = min(reads[turn % reads.count], rest.count)
            Array(rest.prefix(count)).withUnsafeBytes { splitter.append($0) { lines.append($0) } }
            rest = rest.dropFirst(count)
            turn += 1
        }
        splitter.finish { lines.append($0) }
        return lines
    }

    private func lines(_ text: String, reads: [Int] = [Int.max]) -> [String] { lines(Array(text.utf8), reads: reads) }

    @Test(
        "lines end with a line feed, with or without a carriage return; the last one need not",
        arguments: [[Int.max], [1], [2], [3, 1]])
    func splits(reads: [Int]) {
        #expect(
            lines("one\ntwo\r\n\nfour\rstill four\n\r\nlast", reads: reads)
                == ["one", "two", "", "four\rstill four", "", "last"])
        #expect(lines("", reads: reads) == [])
        #expect(lines("\n", reads: reads) == [""])
    }

    @Test("a character that two reads share stays whole", arguments: [[1], [2], [3], [4, 1]])
    func keepsCharacters(reads: [Int]) {
        #expect(lines("a€b\n𝄞é\nß", reads: reads) == ["a€b", "𝄞é", "ß"])
    }

    @Test("invalid bytes and NUL become replacement characters", arguments: [[Int.max], [1]])
    func repairs(reads: [Int]) {
        #expect(
            lines([0x61, 0xFF, 0x62, 0x0A, 0x00, 0x0A, 0xE2, 0x82], reads: reads)
                == ["a\u{FFFD}b", "\u{FFFD}", "\u{FFFD}"])
    }

    @Test("a line of the limit is whole, a longer one is broken", arguments: [[Int.max], [1_000], [16_385], [16_386]])
    func breaksLongLines(reads: [Int]) {
        let limit = LineSplitter.lineLimit
        let whole = String(repeating: "x", count: limit)
        #expect(lines(whole + "\nnext\n", reads: reads) == [whole, "next"])
        #expect(lines(whole + "\r\nnext\n", reads: reads) == [whole, "next"])
        #expect(lines(whole + "y\nnext\n", reads: reads) == [whole, "y", "next"])
        #expect(lines(whole + "y", reads: reads) == [whole, "y"])
        #expect(lines(whole + whole + whole + "\n", reads: reads) == [whole, whole, whole])
    }

    @Test("a long line is broken between characters")
    func breaksBetweenCharacters() {
        let text = String(repeating: "€", count: 20_000)
        let pieces = lines(text)
        #expect(pieces.joined() == text)
        #expect(pieces.dropLast().allSatisfy { $0.utf8.count > LineSplitter.lineLimit - 3 })
        #expect(pieces.allSatisfy { $0.utf8.count <= LineSplitter.lineLimit })
    }

    @Test("a line with a result may be longer", arguments: [[Int.max], [7]])
    func keepsResults(reads: [Int]) {
        let result = "::result \"" + String(repeating: "x", count: 64 * 1_024 - 2) + "\"::"
        #expect(lines(result + "\n", reads: reads) == [result])
        let longer = result + String(repeating: "y", count: 20_000)
        #expect(
            lines(longer, reads: reads).map(\.utf8.count)
                == [
                    LineSplitter.resultLineLimit, LineSplitter.lineLimit,
                    longer.utf8.count - 64 * 1_024 - 32 - 16 * 1_024,
                ])
    }

    @Test("the same lines come out wherever the reads end", arguments: 0..<20)
    func isIndependentOfReads(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let parts: [[UInt8]] = [
            Array("\n".utf8), Array("\r\n".utf8), Array("\r".utf8), Array("€𝄞".utf8), [0xFF], [0x80], [0x00],
            [0xF0, 0x9D],
            Array(repeating: 0x61, count: 9_000), Array(repeating: 0x82, count: 17_000), Array("::result ".utf8),
        ]
        let bytes = (0..<60).flatMap { _ in parts.randomElement(using: &generator) ?? [] }
        let reads = (0..<50).map { _ in Int.random(in: 1...5_000, using: &generator) }
        let whole = lines(bytes)
        #expect(lines(bytes, reads: reads) == whole, "seed \(seed)")
        #expect(whole.allSatisfy { !$0.utf8.contains(0) })
    }
}
