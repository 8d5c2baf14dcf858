import CProcess
import Glibc
import SchedulerErrors

extension SchedulerError {
    /// Says whose fault it is that a process was not started: the task's (it never starts as it is), or the machine's (it
    /// may later).
    static func refusedStart(_ event: scheduler_keeper_event, of request: ProcessRequest) -> SchedulerError {
        let reason = systemMessage(event.error)
        let isOfTask = [ENOENT, ENOTDIR, EACCES, EPERM, ENOEXEC, E2BIG, ELOOP, ENAMETOOLONG, EISDIR].contains(
            event.error)
        switch scheduler_spawn_step(UInt32(event.step)) {
        case SCHEDULER_SPAWN_DIRECTORY where isOfTask:
            return .invalid("working_directory", "\"\(request.workingDirectory ?? "")\" cannot be entered: \(reason)")
        case SCHEDULER_SPAWN_EXEC where isOfTask:
            let program = request.arguments.first ?? ""
            let what = event.error == ENOENT ? "no such program (or its interpreter is missing)" : reason
            return .invalid("command", "\"\(program)\" cannot be executed: \(what)")
        case SCHEDULER_SPAWN_LIMITS:
            return SchedulerError(.execution, "the limits of the process could not be set: \(reason)")
        case SCHEDULER_SPAWN_USER:
            return SchedulerError(.execution, "the worker may not run processes as its run_as user: \(reason)")
        default:
            return SchedulerError(.execution, "the process could not be started: \(reason)")
        }
    }
}
