public import SchedulerDomain

/// Logs and progress in memory.
public final class InMemoryRunLogRepository: RunLogRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    public func append(_ chunks: [LogChunk]) async throws {
        shared.transaction { state, _ in
            for chunk in chunks where state.logs[chunk.attempt]?[chunk.firstLine] == nil {
                state.logs[chunk.attempt, default: [:]][chunk.firstLine] = chunk
            }
        }
    }

    public func lines(_ read: LogRead) async throws -> [LogLine] {
        shared.transaction { state, _ in
            let chunks = (state.logs[read.attempt] ?? [:]).values.filter { $0.tenant == read.tenant }
            var bytes = 0
            var lines: [LogLine] = []
            for chunk in chunks.sorted(by: { $0.firstLine < $1.firstLine }) {
                let selected = read.select(chunk.lines)
                guard bytes < LogRead.byteLimit else { break }
                bytes += selected.reduce(0) { $0 + $1.text.utf8.count }
                lines += selected
            }
            return read.select(lines)
        }
    }

    public func setProgress(_ progress: [RunAttempt: Int]) async throws {
        shared.transaction { state, now in
            for (attempt, percent) in progress {
                guard let run = state.live[attempt.run], run.status == .running, run.attempt == attempt.attempt,
                    run.progress < percent
                else { continue }
                state.live[attempt.run]?.progress = percent
                state.live[attempt.run]?.updatedAt = now
            }
        }
    }

    public func deleteLogs(olderThan age: Duration, limit: Int) async throws -> Int {
        shared.transaction { state, now in
            let lowest = RunID.lowest(at: now.advanced(by: .zero - age))
            let old = state.logs.filter { $0.key.run < lowest }.flatMap { attempt, chunks in
                chunks.keys.map { (attempt, $0) }
            }
            let chosen = old.sorted { $0 < $1 }.prefix(limit)
            for (attempt, line) in chosen { state.logs[attempt]?[line] = nil }
            return chosen.count
        }
    }
}
