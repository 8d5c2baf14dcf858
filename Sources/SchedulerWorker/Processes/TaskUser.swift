import CProcess
import Glibc
public import SchedulerErrors

/// The user as whom tasks run.
public struct TaskUser: Sendable, Hashable {
    public var name: String
    public var uid: UInt32
    public var gid: UInt32
    /// The groups it is in, the first included.
    public var groups: [UInt32]
    public var home: String

    public init(name: String, uid: UInt32, gid: UInt32, groups: [UInt32], home: String) {
        self.name = name
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.home = home
    }

    /// Looks a user up; reads the system's user database, which may block.
    ///
    /// - Parameter name: a name or a number.
    /// - Throws: `configuration` where the system does not know it.
    public static func named(_ name: String) throws(SchedulerError) -> TaskUser {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let size = buffer.count
        if let uid = UInt32(name) {
            getpwuid_r(uid, &entry, &buffer, size, &found)
        } else {
            getpwnam_r(name, &entry, &buffer, size, &found)
        }
        guard found != nil else {
            throw SchedulerError(.configuration, "worker.run_as: this machine has no user \"\(name)\"")
        }
        let login = String(cString: entry.pw_name)
        var groups = [gid_t](repeating: 0, count: Int(SCHEDULER_GROUPS))
        var count = CInt(groups.count)
        // Of a user with more groups the first ones count.
        getgrouplist(login, entry.pw_gid, &groups, &count)
        return TaskUser(
            name: login, uid: entry.pw_uid, gid: entry.pw_gid, groups: Array(groups.prefix(max(0, Int(count)))),
            home: String(cString: entry.pw_dir))
    }
}
