import CProcess
import Glibc
import SchedulerErrors
import Synchronization

/// A keeper process and the worker's end of the connection to it.
final class KeeperLink: Sendable {
    let pid: pid_t
    let socket: CInt
    private let pidDescriptor: CInt
    private let gone = Atomic(false)

    /// Starts a keeper; blocks until its program was started.
    ///
    /// - Throws: `configuration` where none is configured or it cannot be executed, `execution` where the system has no
    ///   room for it.
    init(_ settings: ProcessSettings) throws(SchedulerError) {
        guard let program = settings.keeper else {
            throw SchedulerError(
                .configuration,
                "this worker starts no processes: it was embedded without a keeper (ProcessSettings.keeper)")
        }
        var here: CInt = -1
        var there: CInt = -1
        guard scheduler_message_pair(&here, &there) == 0 else {
            throw SchedulerError(.execution, "no connection to a keeper can be opened: \(systemMessage(errno))")
        }
        defer { close(there) }
        let result = KeeperLink.spawn(program, connection: there, held: settings.heldDescriptor)
        guard result.error == 0 else {
            close(here)
            throw SchedulerError(
                result.step == SCHEDULER_SPAWN_EXEC ? .configuration : .execution,
                "the keeper \(program.path) cannot be started: \(systemMessage(result.error)); see worker.keeper")
        }
        pid = result.pid
        pidDescriptor = result.pidfd
        socket = here
    }

    deinit {
        close(socket)
        close(pidDescriptor)
    }

    /// Whether it has ended and what it left was cleaned up.
    var isGone: Bool { gone.load(ordering: .acquiring) }
    func markGone() { gone.store(true, ordering: .releasing) }

    /// Sends a message; blocks while the keeper is slow.
    ///
    /// - Returns: false where the keeper has ended.
    func send(_ message: scheduler_keeper_request, _ descriptors: [CInt] = []) -> Bool {
        withUnsafeBytes(of: message) { bytes in
            scheduler_send(socket, bytes.baseAddress, bytes.count, descriptors, CInt(descriptors.count), 1) == 0
        }
    }

    /// Asks for an answer, without waiting for room.
    func ping() {
        _ = withUnsafeBytes(of: KeeperRequest.ping) { bytes in
            scheduler_send(socket, bytes.baseAddress, bytes.count, nil, 0, 0)
        }
    }

    /// Lets it end: it kills what it has, and goes.
    func disconnect() { shutdown(socket, CInt(SHUT_RDWR)) }

    /// Waits for its end after it was killed.
    func reap() {
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    func kill() { _ = scheduler_pidfd_signal(pidDescriptor, SIGKILL) }

    /// The allow-list of tasks, so that nothing of the worker's is there to be read.
    private static func spawn(
        _ program: ProcessSettings.KeeperProgram, connection: CInt, held: CInt?
    ) -> scheduler_spawn_result {
        let null = scheduler_open_null()
        defer { close(null) }
        var names = TaskEnvironment.inheritedNames
        // Where the program was linked with libraries of its own place.
        names.append("LD_LIBRARY_PATH")
        let variables = names.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
        return withCStrings([program.path]) { candidates in
            withCStrings(["scheduler"] + program.arguments) { arguments in
                withCStrings(variables) { environment in
                    var raw = scheduler_spawn_request()
                    raw.candidates = UnsafeRawPointer(candidates).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
                    raw.arguments = UnsafePointer(arguments)
                    raw.environment = UnsafePointer(environment)
                    raw.standard_input = held ?? null
                    raw.standard_output = STDERR_FILENO
                    raw.standard_error = STDERR_FILENO
                    raw.extra = connection
                    raw.cgroup = -1
                    raw.mask = -1
                    raw.limits = .none
                    return withUnsafePointer(to: raw) { scheduler_spawn($0) }
                }
            }
        }
    }
}

extension scheduler_limits {
    static let none = scheduler_limits(memory_bytes: -1, cpu_seconds: -1, open_files: -1, processes: -1)
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
