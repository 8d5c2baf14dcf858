import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Buffer of a log")
struct LogBufferTests {
    private let start = ContinuousClock.now
    private let memory = LogMemory(limit: 1_024 * 1_024)

    private func buffer(limit: Int = 1_000_000, _ change: (inout LogLimits) -> Void = { _ in }) -> LogBuffer {
        var limits = LogLimits()
        change(&limits)
        return LogBuffer(limits, memory: memory, limit: limit)
    }

    private func drain(_ buffer: inout LogBuffer, at now: ContinuousClock.Instant? = nil) -> [LogLine] {
        var lines: [LogLine] = []
        while let chunk = buffer.chunk() {
            lines += chunk
            buffer.shipped(at: now ?? start)
        }
        return lines
    }

    private func write(_ lines: [String], to buffer: inout LogBuffer, at now: ContinuousClock.Instant? = nil) {
        for line in lines { buffer.write(line, to: .stdout, time: VirtualClock.start, at: now ?? start) }
    }

    @Test("lines are numbered from one, in order, and come back until they are shipped")
    func numbers() {
        var buffer = buffer()
        write(["a", "b"], to: &buffer)
        #expect(buffer.chunk()?.map(\.text) == ["a", "b"])
        write(["c"], to: &buffer)
        #expect(buffer.chunk()?.map(\.text) == ["a", "b"])
        buffer.shipped(at: start)
        #expect(buffer.chunk()?.map(\.number) == [3])
        buffer.shipped(at: start)
        buffer.close(time: VirtualClock.start)
        #expect(buffer.chunk() == nil && buffer.isEmpty)
        #expect(memory.used == 0)
    }

    @Test("a chunk holds about 64 KiB, and at most 1,000 lines")
    func chunks() {
        var buffer = buffer { $0.linesPerSecond = 10_000 }
        write(Array(repeating: String(repeating: "x", count: 1_000), count: 100), to: &buffer)
        #expect(buffer.chunk()?.count == 66)
        _ = drain(&buffer)
        write(Array(repeating: "", count: 1_500), to: &buffer)
        #expect(buffer.chunk()?.count == 1_000)
    }

    @Test("output up to the limit is kept whole", arguments: [0, 1, 50, 99, 100])
    func keepsWhole(count: Int) {
        var buffer = buffer(limit: 1_000)
        let lines = (0..<count).map { "line \(100 + $0) " }
        write(lines, to: &buffer)
        buffer.close(time: VirtualClock.start)
        #expect(drain(&buffer).map(\.text) == lines)
    }

    @Test("of longer output beginning and end are kept, with a mark between", arguments: [101, 150, 1_500])
    func cutsTheMiddle(count: Int) {
        var buffer = buffer(limit: 1_000)
        let lines = (0..<count).map { "line \(10_000 + $0)" }.map { String($0.dropFirst()) + " " }
        write(lines, to: &buffer)
        buffer.close(time: VirtualClock.start)
        let kept = drain(&buffer)
        let bytes = lines[0].utf8.count + 1
        let half = 500 / bytes
        #expect(kept.map(\.number) == Array(1...kept.count))
        let cut = count - 2 * half
        let mark =
            cut == 1 ? "[… 1 line with \(bytes) bytes cut …]" : "[… \(cut) lines with \(cut * bytes) bytes cut …]"
        #expect(kept.map(\.text) == Array(lines.prefix(half)) + [mark] + Array(lines.suffix(half)))
        #expect(kept[half].stream == .system)
        #expect(memory.used == 0)
    }

    @Test("what exceeds the rate is cut and marked; what followed last is kept and comes when it may")
    func limitsTheRate() {
        var buffer = buffer {
            $0.linesPerSecond = 10
            $0.tailBytes = 1_000
        }
        write((1...100).map { "line \($0)" }, to: &buffer)
        #expect(drain(&buffer).map(\.text) == (1...20).map { "line \($0)" })
        buffer.refresh(at: start + .milliseconds(500))
        #expect(buffer.chunk() == nil)
        buffer.refresh(at: start + .seconds(1))
        let later = drain(&buffer, at: start + .seconds(1))
        let held = 1_000 / ("line 100".utf8.count + 64)
        #expect(later.first?.text.hasPrefix("[… \(80 - held - 1) lines") == true)
        #expect(later.dropFirst().map(\.text) == (101 - held - 1...110 - held - 1).map { "line \($0)" })
        buffer.close(time: VirtualClock.start)
        #expect(drain(&buffer).last?.text == "line 100")
    }

    @Test("while the store takes nothing, memory stays bounded, and the gap is marked")
    func waitsForTheStore() {
        var buffer = buffer(limit: 100_000_000) {
            $0.linesPerSecond = 1_000_000
            $0.bytesPerSecond = 1_000_000_000
            $0.readyBytes = 100_000
            $0.tailBytes = 50_000
        }
        let lines = (0..<100_000).map { "a line of the number \($0)" }
        write(lines, to: &buffer)
        #expect(memory.used <= 150_000)
        buffer.close(time: VirtualClock.start)
        let kept = drain(&buffer)
        #expect(kept.filter { $0.stream == .system }.count == 1)
        #expect(kept.first?.text == lines.first && kept.last?.text == lines.last)
        #expect(memory.used == 0)
    }

    @Test("with the worker's memory spent, each log still has a little, and what it says last is kept")
    func sharesMemory() {
        let memory = LogMemory(limit: 1_000)
        #expect(memory.take(1_000))
        var buffer = LogBuffer(LogLimits(), memory: memory)
        write((1...10_000).map { "line \($0)" }, to: &buffer)
        #expect(memory.used == 1_000)
        buffer.close(time: VirtualClock.start)
        #expect(memory.used <= 1_000 + LogLimits().guaranteedBytes + 200)
        let kept = drain(&buffer)
        #expect(kept.count > 100)
        #expect(kept.first?.stream == .system)
        #expect(kept.last?.text == "line 10000")
        #expect(memory.used == 1_000)
    }

    @Test("with the worker's memory spent, the last line is kept also where it is the longest there is")
    func keepsTheLongest() {
        let memory = LogMemory(limit: 1_000)
        #expect(memory.take(1_000))
        var buffer = LogBuffer(LogLimits(), memory: memory)
        let longest = (0..<5).map { "\($0)" + String(repeating: "x", count: LineSplitter.resultLineLimit - 1) }
        write(["short"] + longest, to: &buffer)
        #expect(memory.used == 1_000)
        buffer.close(time: VirtualClock.start)
        #expect(drain(&buffer).map(\.text).last == longest.last)
        #expect(memory.used == 1_000)
    }

    @Test("what was discarded holds no memory")
    func discards() {
        var buffer = buffer()
        write(Array(repeating: "line", count: 5_000), to: &buffer)
        #expect(buffer.lineCount > 0 && memory.used > 0)
        _ = buffer.chunk()
        buffer.discard()
        #expect(buffer.lineCount == 0 && memory.used == 0)
    }
}
