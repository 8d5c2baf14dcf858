import CProcess
import Glibc
import SchedulerErrors

/// Starts processes on a thread that may block.
final class ProcessSpawner: Sendable {
    private let null: CInt

    init() throws {
        null = scheduler_open_null()
        guard null >= 0 else {
            throw SchedulerError(.unavailable, "/dev/null cannot be opened: \(systemMessage(errno))")
        }
    }

    deinit { close(null) }

    func handle(_ start: ProcessStart, passingTo commands: Inbox<ProcessLoop.Command>) {
        guard !start.handle.isStopRequested else {
            return start.continuation.resume(throwing: CancellationError())
        }
        do {
            commands.put(.add(try spawn(start.request), start))
        } catch {
            start.continuation.resume(throwing: error)
        }
    }

    private func spawn(_ request: ProcessRequest) throws -> SpawnedProcess {
        let output = try OutputPipe()
        let error: OutputPipe
        do {
            error = try OutputPipe()
        } catch {
            output.closeBoth()
            throw error
        }
        let result = withRequest(request, output: output.writing, error: error.writing) { scheduler_spawn($0) }
        close(output.writing)
        close(error.writing)
        guard result.error == 0 else {
            close(output.reading)
            close(error.reading)
            throw ProcessSpawner.failure(result, of: request)
        }
        return SpawnedProcess(
            pid: result.pid, pidDescriptor: result.pidfd, output: output.reading, error: error.reading)
    }

    private func withRequest(
        _ request: ProcessRequest, output: CInt, error: CInt,
        _ body: (UnsafePointer<scheduler_spawn_request>) -> scheduler_spawn_result
    ) -> scheduler_spawn_result {
        withCStrings(request.candidates) { candidates in
            withCStrings(request.arguments) { arguments in
                withCStrings(request.environment) { environment in
                    let directory = request.workingDirectory.map { strdup($0) } ?? nil
                    defer { free(directory) }
                    var raw = scheduler_spawn_request()
                    raw.candidates = UnsafeRawPointer(candidates).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
                    raw.arguments = UnsafePointer(arguments)
                    raw.environment = UnsafePointer(environment)
                    raw.working_directory = UnsafePointer(directory)
                    raw.standard_input = null
                    raw.standard_output = output
                    raw.standard_error = error
                    return withUnsafePointer(to: raw, body)
                }
            }
        }
    }

    /// Says whose fault it is: the task's (it never starts as it is), or the machine's (it may later).
    private static func failure(_ result: scheduler_spawn_result, of request: ProcessRequest) -> SchedulerError {
        let reason = systemMessage(result.error)
        let isOfTask = [ENOENT, ENOTDIR, EACCES, EPERM, ENOEXEC, E2BIG, ELOOP, ENAMETOOLONG, EISDIR].contains(result.error)
        switch result.step {
        case SCHEDULER_SPAWN_DIRECTORY where isOfTask:
            return .invalid("working_directory", "\"\(request.workingDirectory ?? "")\" cannot be entered: \(reason)")
        case SCHEDULER_SPAWN_EXEC where isOfTask:
            let program = request.arguments.first ?? ""
            let what = result.error == ENOENT ? "no such program (or its interpreter is missing)" : reason
            return .invalid("command", "\"\(program)\" cannot be executed: \(what)")
        default:
            return SchedulerError(.execution, "the process could not be started: \(reason)")
        }
    }
}

/// A process that runs, with the descriptors by which it is watched.
struct SpawnedProcess: Sendable {
    var pid: pid_t
    var pidDescriptor: CInt
    var output: CInt
    var error: CInt
}

private struct OutputPipe {
    let reading: CInt
    let writing: CInt

    init() throws {
        var reading: CInt = -1
        var writing: CInt = -1
        guard scheduler_output_pipe(&reading, &writing) == 0 else {
            throw SchedulerError(.execution, "no pipe can be opened: \(systemMessage(errno))")
        }
        self.reading = reading
        self.writing = writing
    }

    func closeBoth() {
        close(reading)
        close(writing)
    }
}

private typealias CStrings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Passes strings as C does, with a nil at the end.
private func withCStrings<Result>(_ strings: [String], _ body: (CStrings) -> Result) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
        return body(base)
    }
}
