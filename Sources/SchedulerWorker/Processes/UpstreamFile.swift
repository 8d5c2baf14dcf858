import Glibc
import SchedulerDomain
import SchedulerErrors

/// The file in which a process finds the results of the runs that its own waited for.
///
/// It lies alone in a folder that only the worker's user can write, and goes with the attempt; what a worker leaves that
/// was killed, the next one removes. Writing it blocks a Swift thread for the time of one write of at most about a
/// megabyte to a local file.
enum UpstreamFile {
    /// The variable that names it.
    static let variable = "SCHEDULER_UPSTREAM_RESULTS"

    /// Runs a body with the path of such a file, or with nil where there is nothing to pass on.
    ///
    /// - Parameter reader: who shall read it; nil: the worker's user.
    static func with<Output>(
        _ results: [UpstreamResult], reader: TaskUser?, _ body: (String?) async throws -> Output
    ) async throws -> Output {
        guard !results.isEmpty else { return try await body(nil) }
        let folder = try HeldFolder.make(for: reader)
        defer { folder.remove() }
        try folder.write(Array(JSONValue.array(results.map(\.json)).text.utf8))
        return try await body(folder.file)
    }

    static func failure(_ what: String) -> SchedulerError {
        SchedulerError(.execution, "the results of upstream runs cannot be passed on: \(what): \(systemMessage(errno))")
    }
}
