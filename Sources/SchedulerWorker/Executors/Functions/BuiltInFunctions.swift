import Glibc
import SchedulerDomain
import SchedulerErrors

/// The functions that come with the system: enough to measure it and to prove that no attempt starts twice.
enum BuiltInFunctions {
    /// Does nothing; returns null.
    @Sendable static func noop(_ call: FunctionCall) async throws -> JSONValue { .null }

    /// Appends the line "`<run> <attempt>`" to the file that the parameter `path` names, which is made where it is
    /// missing.
    ///
    /// One `write` on a descriptor opened with `O_APPEND`, so lines of many processes do not mix. The call blocks a
    /// Swift thread for the time of one write to a local file.
    @Sendable static func append(_ call: FunctionCall) async throws -> JSONValue {
        guard let path = call.parameters["path"]?.string, !path.isEmpty else {
            throw SchedulerError.invalid("config.parameters.path", "append needs the path of a file")
        }
        // A pipe without a reader would hold the thread for ever.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw FunctionFailure(.system, "\"\(path)\" cannot be opened: \(systemMessage(errno))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SchedulerError.invalid("config.parameters.path", "\"\(path)\" is no ordinary file")
        }
        let line = Array("\(call.run.attempt.run) \(call.run.attempt.attempt)\n".utf8)
        guard write(descriptor, line, line.count) == line.count else {
            throw FunctionFailure(.system, "\"\(path)\" cannot be written: \(systemMessage(errno))")
        }
        return .null
    }
}
