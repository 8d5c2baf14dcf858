private import DequeModule
private import SchedulerErrors
private import Synchronization

/// Group commit: many callers' items go through one call, without waiting for company.
///
/// It flushes at once when idle, and while a flush is under way collects what arrives for the next. There is no
/// service to run: the first caller that finds it idle flushes, and afterwards hands the flushing over to a caller
/// that waits. A flush is shielded from its caller's cancellation, since it carries the items of others.
///
/// If a flush fails because one item is bad (`isItemFault`), it is halved until the bad item alone fails.
public final class Batcher<Item: Sendable, Output: Sendable>: Sendable {
    public typealias Flush = @Sendable ([Item]) async throws -> [Output]

    private enum Turn: Sendable {
        case done(Result<Output, any Error>)
        /// The waiting caller flushes now, its own item first.
        case flush
    }

    private struct Waiting: Sendable {
        var item: Item
        var continuation: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var isFlushing = false
        var waiting: Deque<Waiting> = []
    }

    private let state = Mutex(State())
    private let name: String
    private let maxBatch: Int
    private let capacity: Int
    private let isItemFault: @Sendable (any Error) -> Bool
    private let flush: Flush

    /// - Parameters:
    ///   - name: what it does, for the error when it is full.
    ///   - maxBatch: the most items in one flush.
    ///   - capacity: the most items that wait; beyond it `submit` throws `overloaded`.
    ///   - isItemFault: whether an error is the fault of one item, so that a smaller batch may succeed.
    ///   - flush: handles items and returns one output per item, in order. It bounds its own time.
    public init(
        _ name: String,
        maxBatch: Int = 500,
        capacity: Int = 20_000,
        isItemFault: @escaping @Sendable (any Error) -> Bool = { _ in false },
        flush: @escaping Flush
    ) {
        precondition(maxBatch > 0 && capacity > 0, "a batcher holds at least one item")
        self.name = name
        self.maxBatch = maxBatch
        self.capacity = capacity
        self.isItemFault = isItemFault
        self.flush = flush
    }

    /// Hands an item in and returns its output once its batch was flushed.
    ///
    /// - Throws: `overloaded` when the buffer is full; else what the flush threw for this item.
    public func submit(_ item: Item) async throws -> Output {
        switch await turn(for: item) {
        case .done(let result): return try result.get()
        case .flush: return try await withCancellationShield { try await self.flushBatch(startingWith: item).get() }
        }
    }

    private func turn(for item: Item) async -> Turn {
        await withCheckedContinuation { continuation in
            let answer: Turn? = state.withLock { state in
                guard state.isFlushing else {
                    state.isFlushing = true
                    return .flush
                }
                guard state.waiting.count < capacity else {
                    return .done(.failure(SchedulerError(.overloaded, "\(name) is overloaded; try again in a moment")))
                }
                state.waiting.append(Waiting(item: item, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Flushes the item with those that wait, answers them, and hands the flushing over.
    private func flushBatch(startingWith item: Item) async -> Result<Output, any Error> {
        let others = state.withLock { state in
            let count = min(maxBatch - 1, state.waiting.count)
            let taken = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return taken
        }
        let results = await results(of: [item] + others.map(\.item))
        for (waiting, result) in zip(others, results.dropFirst()) {
            waiting.continuation.resume(returning: .done(result))
        }
        let successor = state.withLock { state in
            let next = state.waiting.popFirst()
            state.isFlushing = next != nil
            return next
        }
        successor?.continuation.resume(returning: .flush)
        return results[0]
    }

    private func results(of items: [Item]) async -> [Result<Output, any Error>] {
        do {
            let outputs = try await flush(items)
            precondition(outputs.count == items.count, "\(name): a flush returns one output per item")
            return outputs.map { .success($0) }
        } catch  where items.count > 1 && isItemFault(error) {
            let middle = items.count / 2
            let first = await results(of: Array(items[..<middle]))
            return await first + results(of: Array(items[middle...]))
        } catch {
            return items.map { _ in .failure(error) }
        }
    }
}
