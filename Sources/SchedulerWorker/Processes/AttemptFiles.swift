import Glibc
import SchedulerDomain
import SchedulerErrors

/// The files that a process finds beside its arguments: the results of the runs that its own waited for, and the script
/// that it is to run.
///
/// They lie in a folder that only the worker's user can write, and go with the attempt; what a worker leaves that was
/// killed, the next one removes. Writing blocks a Swift thread for the time of one write of at most about a megabyte to a
/// local file.
enum AttemptFiles {
    /// The variable that names the file of the results.
    static let variable = "SCHEDULER_UPSTREAM_RESULTS"

    /// Runs a body with the paths of the files; nil where there is nothing to write.
    static func with<Output>(
        upstreams: [UpstreamResult], script: String?, reader: TaskUser?,
        _ body: (_ results: String?, _ script: String?) async throws -> Output
    ) async throws -> Output {
        guard !upstreams.isEmpty || script != nil else { return try await body(nil, nil) }
        let folder = try HeldFolder.make(for: reader)
        defer { folder.remove() }
        if !upstreams.isEmpty {
            let text = JSONValue.array(upstreams.map(\.json)).text
            try folder.write(Array(text.utf8), to: folder.upstreamResults)
        }
        if let script { try folder.write(Array(script.utf8), to: folder.script) }
        return try await body(
            upstreams.isEmpty ? nil : folder.upstreamResults, script == nil ? nil : folder.script)
    }

    static func failure(_ what: String) -> SchedulerError {
        SchedulerError(.execution, "the files of the attempt cannot be written: \(what): \(systemMessage(errno))")
    }
}
