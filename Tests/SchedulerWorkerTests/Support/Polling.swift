import Glibc
import SchedulerErrors

/// Waits until a condition holds, looking every few milliseconds.
///
/// - Throws: `timeout` when it still does not hold after `limit`.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw SchedulerError(.timeout, "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Whether a process of the number exists, remains of one included.
func processExists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno == EPERM }
