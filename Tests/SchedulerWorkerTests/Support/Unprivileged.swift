import CProcess
import Glibc

@testable import SchedulerWorker

/// A user for tests of limits that do not bind root, and whose processes are those of one test.
enum Unprivileged {
    /// A user that nobody else is, where the tests run as root; else nil: the tests' own user.
    static func user(_ uid: UInt32) -> TaskUser? {
        guard geteuid() == 0 else { return nil }
        return TaskUser(name: "\(uid)", uid: uid, gid: uid, groups: [uid], home: "/")
    }

    /// A limit of processes that leaves a user so many more than it has.
    static func processes(_ count: Int, of user: TaskUser?) -> Int {
        user == nil ? count + tasksOfUser(getuid()) : count
    }

    /// Processes and threads, as RLIMIT_NPROC counts them.
    private static func tasksOfUser(_ uid: uid_t) -> Int {
        (ProcessTable.read() ?? []).reduce(0) { count, process in
            var status = stat()
            guard stat("/proc/\(process.pid)/task", &status) == 0, status.st_uid == uid else { return count }
            return count + max(1, Int(status.st_nlink) - 2)
        }
    }
}

/// Processes whose environment holds a text.
func processesMarked(_ marker: String) -> [Int32] {
    (ProcessTable.read() ?? []).map(\.pid).filter { pid in
        guard let file = fopen("/proc/\(pid)/environ", "r") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self).contains(marker)
    }
}
