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

    public func deleteLogs(
        olderThan age: Duration, after position: LogPosition, limit: Int
    ) async throws -> LogSweep {
        shared.transaction { state, now in
            let cutoff = now.advanced(by: .zero - age)
            let lowest = RunID.lowest(at: cutoff)
            let chunks = state.logs.filter { $0.key.run < lowest }.flatMap(\.value.values)
            let looked = chunks.filter { $0.position > position }.sorted { $0.position < $1.position }.prefix(limit)
            let old = looked.filter { $0.startedAt < cutoff }
            for chunk in old { state.logs[chunk.attempt]?[chunk.firstLine] = nil }
            return LogSweep(deleted: old.count, next: looked.count < limit ? nil : looked.last?.position)
        }
    }
}

extension LogChunk {
    fileprivate var position: LogPosition { LogPosition(attempt: attempt, firstLine: firstLine) }
}
