import CProcess
import Glibc
import SchedulerErrors

/// The parent of a worker's tasks: a small process without credentials that starts them and leaves none behind.
///
/// It is a child of the worker and talks to it through one socket. Each task is the leader of a session and a group of
/// its own; descendants that leave the group, and lose their parent, become the keeper's children, since it is a
/// subreaper (`PR_SET_CHILD_SUBREAPER(2const)`), and are killed when their task's leader is gone. When the socket closes,
/// because the worker has ended in whatever way, everything is killed and the keeper ends.
public enum Keeper {
    /// The descriptor at which a keeper finds its end of the connection.
    static let socket: CInt = 3

    /// Serves until the worker is gone and all its tasks are.
    ///
    /// To be called by a process that was started for it, before that has done anything else: by `scheduler keeper`, or
    /// by a program that embeds a worker and names itself as its keeper.
    /// - Throws: `configuration` where no worker has started this process; `unavailable` where the system has no room.
    public static func run() throws {
        var status = stat()
        guard fstat(socket, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw SchedulerError(
                .configuration, "a keeper is started by its worker, not by hand; start `scheduler worker` instead")
        }
        // Whoever ends the worker's process group or session must not end the one that cleans up after it.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE] { signal(number, SIG_IGN) }
        guard scheduler_adopt_descendants() == 0 else {
            throw SchedulerError(.unavailable, "descendants cannot be adopted: \(systemMessage(errno))")
        }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        raiseDescriptorLimit()
        var loop = try KeeperLoop(socket: socket, spawner: KeeperSpawner())
        loop.run()
    }

    /// It holds a descriptor for each task.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
