import Glibc
import SchedulerDomain
import SchedulerErrors

/// The file in which a process finds the results of the runs that its own waited for.
///
/// It lies alone in a folder that only the worker's user can enter, and goes with the attempt; what a worker leaves that
/// was killed, the next one removes. Writing it blocks a Swift thread for the time of one write of at most about a
/// megabyte to a local file.
enum UpstreamFile {
    /// The variable that names it.
    static let variable = "SCHEDULER_UPSTREAM_RESULTS"

    /// Runs a body with the path of such a file, or with nil where there is nothing to pass on.
    static func with<Output>(
        _ results: [UpstreamResult], _ body: (String?) async throws -> Output
    ) async throws -> Output {
        guard !results.isEmpty else { return try await body(nil) }
        let folder = try HeldFolder.make()
        defer { folder.remove() }
        try write(Array(JSONValue.array(results.map(\.json)).text.utf8), to: folder.file)
        return try await body(folder.file)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("\(path) cannot be made") }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                guard errno == EINTR else { throw failure("\(path) cannot be written") }
            } else {
                rest = rest.dropFirst(written)
            }
        }
    }

    static func failure(_ what: String) -> SchedulerError {
        SchedulerError(.execution, "the results of upstream runs cannot be passed on: \(what): \(systemMessage(errno))")
    }
}
