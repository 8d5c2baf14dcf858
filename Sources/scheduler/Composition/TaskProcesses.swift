import Glibc
import Logging
import SchedulerConfig
import SchedulerErrors
import SchedulerWorker

/// How a role runs processes, made from its configuration.
enum TaskProcesses {
    /// - Parameters:
    ///   - mayBeRoot: whether tasks run as root where nobody says as whom else; a laptop's `standalone` runs what its one
    ///     user asks for, a `worker` what anybody does who may create tasks.
    ///   - lock: held by the keeper as long as it lives.
    /// - Throws: `configuration` where root may not run tasks, a user or a folder is not there.
    static func settings(
        _ configuration: WorkerConfig, mayBeRoot: Bool, lock: Int32? = nil, logger: Logger
    ) throws -> ProcessSettings {
        let wanted = configuration.processes
        return ProcessSettings(
            keeper: wanted.keeper.map { .init(path: $0) } ?? .ownExecutable,
            killGrace: configuration.killGrace,
            user: try user(wanted, mayBeRoot: mayBeRoot, logger: logger),
            umask: wanted.umask,
            controlGroup: try controlGroup(wanted.controlGroup, logger: logger),
            adoptsOrphans: true,
            heldDescriptor: lock)
    }

    private static func user(_ wanted: TaskProcessConfig, mayBeRoot: Bool, logger: Logger) throws -> TaskUser? {
        let isRoot = geteuid() == 0
        guard let name = wanted.runAs else {
            if isRoot, !wanted.allowRootTasks {
                guard mayBeRoot else {
                    throw SchedulerError(
                        .configuration,
                        "this worker is root, and its tasks would be; name their user with SCHEDULER_WORKER_RUN_AS, or "
                            + "accept it with SCHEDULER_WORKER_ALLOW_ROOT_TASKS=true")
                }
                logger.warning("Tasks run as root; worker.run_as names another user for them")
            }
            return nil
        }
        let user = try TaskUser.named(name)
        guard isRoot || user.uid == geteuid() else {
            throw SchedulerError(
                .configuration, "worker.run_as: only a worker that is root can run tasks as \"\(name)\"")
        }
        return isRoot ? user : nil
    }

    private static func controlGroup(_ choice: ControlGroupChoice, logger: Logger) throws -> String? {
        switch choice {
        case .off: return nil
        case .folder(let folder): return try ControlGroupRoot.inFolder(folder)
        case .automatic:
            do {
                return try ControlGroupRoot.inOwnGroup()
            } catch {
                logger.info("Limits of tasks are those of single processes: \(error.message)")
                return nil
            }
        }
    }
}
