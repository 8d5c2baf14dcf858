import SchedulerErrors
import SchedulerFoundation
import Synchronization
import Testing

@Suite("The batcher", .timeLimit(.minutes(1)))
struct BatcherTests {
    /// Notes every batch; the first one waits at the gate.
    private final class Recorder: Sendable {
        let batches = Mutex<[[Int]]>([])
        let gate = Gate()

        var count: Int { batches.withLock { $0.count } }

        func flush(_ items: [Int]) async throws -> [String] {
            let isFirst = batches.withLock { batches in
                batches.append(items)
                return batches.count == 1
            }
            if isFirst { await gate.wait() }
            if items.contains(where: { $0 < 0 }) { throw SchedulerError(.database, "a bad item") }
            return items.map { "\($0)" }
        }
    }

    private func isItemFault(_ error: any Error) -> Bool { (error as? SchedulerError)?.code == .database }

    @Test("flushes at once when it is idle")
    func idle() async throws {
        let recorder = Recorder()
        recorder.gate.open()
        let batcher = Batcher("tests", flush: recorder.flush)
        for number in 1...3 { #expect(try await batcher.submit(number) == "\(number)") }
        #expect(recorder.batches.withLock { $0 } == [[1], [2], [3]])
    }

    /// Submits items while the first is being flushed, in order, and returns what each came to.
    private func submitBehindFirst(
        _ items: [Int], to batcher: Batcher<Int, String>, _ recorder: Recorder
    ) async throws -> [Result<String, any Error>] {
        try await withThrowingTaskGroup(of: (Int, Result<String, any Error>).self) { group in
            group.addTask { (0, await result(of: 0, from: batcher)) }
            try await until { recorder.count == 1 }
            for (index, item) in items.enumerated() {
                let before = batcher.waitingCount
                group.addTask { (index + 1, await result(of: item, from: batcher)) }
                try await until { batcher.waitingCount == before + 1 }
            }
            recorder.gate.open()
            var results: [Int: Result<String, any Error>] = [:]
            for try await (index, result) in group { results[index] = result }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func result(of item: Int, from batcher: Batcher<Int, String>) async -> Result<String, any Error> {
        do { return .success(try await batcher.submit(item)) } catch { return .failure(error) }
    }

    @Test("collects what arrives while a flush is under way, and answers each caller its own")
    func collects() async throws {
        let recorder = Recorder()
        let batcher = Batcher("tests", flush: recorder.flush)
        let results = try await submitBehindFirst(Array(1...5), to: batcher, recorder)
        #expect(try results.map { try $0.get() } == ["0", "1", "2", "3", "4", "5"])
        #expect(recorder.batches.withLock { $0 } == [[0], [1, 2, 3, 4, 5]])
    }

    @Test("keeps to the largest batch")
    func largest() async throws {
        let recorder = Recorder()
        let batcher = Batcher("tests", maxBatch: 2, flush: recorder.flush)
        let results = try await submitBehindFirst(Array(1...5), to: batcher, recorder)
        #expect(try results.map { try $0.get() } == ["0", "1", "2", "3", "4", "5"])
        #expect(recorder.batches.withLock { $0 } == [[0], [1, 2], [3, 4], [5]])
    }

    @Test("halves a batch until a bad item alone fails", arguments: 0..<5)
    func bisects(bad: Int) async throws {
        let recorder = Recorder()
        let batcher = Batcher("tests", isItemFault: isItemFault, flush: recorder.flush)
        let items = (0..<5).map { $0 == bad ? -1 : $0 }
        let results = try await submitBehindFirst(items, to: batcher, recorder)
        for (index, result) in results.dropFirst().enumerated() {
            if index == bad {
                #expect(throws: SchedulerError.self) { try result.get() }
            } else {
                #expect(try result.get() == "\(index)")
            }
        }
    }

    @Test("fails everybody of a batch whose error is no item's fault")
    func failsAll() async throws {
        let recorder = Recorder()
        let batcher = Batcher("tests", flush: recorder.flush)
        let results = try await submitBehindFirst([1, -1, 2], to: batcher, recorder)
        #expect(try results[0].get() == "0")
        for result in results.dropFirst() { #expect(throws: SchedulerError.self) { try result.get() } }
        #expect(recorder.count == 2)
        #expect(try await batcher.submit(9) == "9")
    }

    @Test("says that it is overloaded when its buffer is full, and serves again afterwards")
    func overloaded() async throws {
        let recorder = Recorder()
        let batcher = Batcher("tests", capacity: 2, flush: recorder.flush)
        try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { try await batcher.submit(0) }
            try await until { recorder.count == 1 }
            for number in 1...2 {
                group.addTask { try await batcher.submit(number) }
                try await until { batcher.waitingCount == number }
            }
            let error = await #expect(throws: SchedulerError.self) { try await batcher.submit(3) }
            #expect(error?.code == .overloaded)
            #expect(error?.message == "tests is overloaded; try again in a moment")
            recorder.gate.open()
            #expect(try await group.reduce(into: Set<String>()) { $0.insert($1) } == ["0", "1", "2"])
        }
        #expect(try await batcher.submit(4) == "4")
    }

    @Test("is not hurt by a caller that is cancelled, whether it waits or flushes")
    func cancelled() async throws {
        let recorder = Recorder()
        let batcher = Batcher<Int, String>("tests") { items in
            let outputs = try await recorder.flush(items)
            try Task.checkCancellation()
            return outputs
        }
        let first = Task { try await batcher.submit(0) }
        try await until { recorder.count == 1 }
        let second = Task { try await batcher.submit(1) }
        try await until { batcher.waitingCount == 1 }
        let third = Task { try await batcher.submit(2) }
        try await until { batcher.waitingCount == 2 }
        first.cancel()
        second.cancel()
        recorder.gate.open()
        #expect(try await [first.value, second.value, third.value] == ["0", "1", "2"])
        #expect(recorder.batches.withLock { $0 } == [[0], [1, 2]])
    }
}
