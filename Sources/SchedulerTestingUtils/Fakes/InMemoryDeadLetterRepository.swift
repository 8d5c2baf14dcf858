public import SchedulerDomain

/// Dead letters in memory.
public final class InMemoryDeadLetterRepository: DeadLetterRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    public func add(_ letters: [ParkedLetter]) async throws -> Int {
        shared.transaction { state, now in
            var added = 0
            for letter in letters where state.deadDigests[letter.digest] == nil {
                state.lastDeadLetter += 1
                state.deadDigests[letter.digest] = state.lastDeadLetter
                state.deadLetters.append(
                    DeadLetter(
                        id: state.lastDeadLetter, queue: letter.queue, reason: letter.reason, body: letter.body,
                        bodyBytes: letter.bodyBytes, createdAt: now))
                added += 1
            }
            return added
        }
    }

    public func deadLetters(before: Int64?, limit: Int) async throws -> Page<DeadLetter> {
        shared.transaction { state, _ in
            let rows = state.deadLetters.reversed().filter { letter in before.map { letter.id < $0 } ?? true }
            return Page(rows: Array(rows), limit: limit)
        }
    }

    public func countDeadLetters() async throws -> Int {
        shared.transaction { state, _ in state.deadLetters.count }
    }

    public func deleteDeadLetters(olderThan age: Duration, keeping most: Int, limit: Int) async throws -> Int {
        shared.transaction { state, now in
            let cutoff = now.advanced(by: .zero - age)
            let surplus = Set(state.deadLetters.dropLast(most).map(\.id))
            let old = state.deadLetters.filter { $0.createdAt < cutoff || surplus.contains($0.id) }.prefix(limit)
            let gone = Set(old.map(\.id))
            state.deadLetters.removeAll { gone.contains($0.id) }
            state.deadDigests = state.deadDigests.filter { !gone.contains($0.value) }
            return gone.count
        }
    }
}
