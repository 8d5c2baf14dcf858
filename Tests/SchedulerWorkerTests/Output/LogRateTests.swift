import Testing

@testable import SchedulerWorker

@Suite("Rate of a log")
struct LogRateTests {
    private let start = ContinuousClock.now

    /// How many lines of a size pass when one is offered every millisecond.
    private func passed(_ rate: inout LogRate, size: Int, from: Int = 0, milliseconds: Int) -> [Int] {
        (from..<from + milliseconds).filter { rate.take(size, at: start + .milliseconds($0)) }
    }

    @Test("a burst of two seconds passes, then whole passages of one second's worth")
    func bursts() {
        var rate = LogRate(linesPerSecond: 100, bytesPerSecond: 1_000_000)
        let times = passed(&rate, size: 10, milliseconds: 5_000)
        #expect(times.count >= 600 && times.count <= 700)
        // About 222 lines pass before the burst is spent; then nothing does for nearly a second.
        let gaps = zip(times, times.dropFirst()).filter { $1 - $0 > 1 }.map { $1 - $0 }
        #expect(gaps.count <= 5)
        #expect(gaps.allSatisfy { $0 >= 900 && $0 <= 1_100 })
    }

    @Test("bytes are limited as well as lines")
    func limitsBytes() {
        var rate = LogRate(linesPerSecond: 1_000_000, bytesPerSecond: 10_000)
        let times = passed(&rate, size: 1_000, milliseconds: 3_000)
        #expect(times.count >= 40 && times.count <= 50)
    }

    @Test("who keeps below the rate never waits, and a pause brings back no more than a burst")
    func keepsUp() {
        var rate = LogRate(linesPerSecond: 2_000, bytesPerSecond: 1_000_000)
        #expect(passed(&rate, size: 10, milliseconds: 4_000).count == 4_000)
        var other = LogRate(linesPerSecond: 10, bytesPerSecond: 1_000_000)
        #expect(passed(&other, size: 1, milliseconds: 10).count == 10)
        let burst = (0..<100).filter { _ in other.take(1, at: start + .seconds(3_600)) }
        #expect(burst.count == 20)
    }

    @Test("a line beyond the burst passes when the bucket is full enough")
    func passesLongLines() {
        var rate = LogRate(linesPerSecond: 10, bytesPerSecond: 1_024)
        let taken = [(50_000, 0), (1, 10), (1, 60)].map { rate.take($0, at: start + .seconds($1)) }
        #expect(taken == [true, false, true])
    }
}
