import Glibc
public import SchedulerErrors

/// Finds and prepares the control group in which tasks get groups of their own.
///
/// A group that has groups with limits below it may hold no process itself ("no internal processes", admin-guide/
/// cgroup-v2). So a worker that is alone in its group moves into a leaf below it; one that shares its group with others
/// leaves it as it is.
public enum ControlGroupRoot {
    private static let controllers: Set<String> = ["memory", "pids"]
    private static let leaf = "scheduler-worker"
    private static let tasks = "scheduler-tasks"

    /// Prepares a folder for tasks in this process's own group.
    ///
    /// - Throws: `unavailable` with the reason where that cannot be: no cgroup v2, not writable, shared with others.
    public static func inOwnGroup() throws(SchedulerError) -> String {
        guard let mounts = SystemFile.text(of: "/proc/self/mountinfo"),
            let groups = SystemFile.text(of: "/proc/self/cgroup"),
            let folder = ownFolder(mounts: mounts, groups: groups)
        else { throw SchedulerError(.unavailable, "this machine has no cgroup v2") }
        return try prepare(folder, process: getpid())
    }

    /// Prepares a folder that is for tasks alone.
    ///
    /// - Throws: `configuration` with the reason.
    public static func inFolder(_ folder: String) throws(SchedulerError) -> String {
        do {
            try enable(in: folder)
        } catch {
            throw SchedulerError(.configuration, "worker.control_group: \(error.message)")
        }
        return folder
    }

    /// Where a process finds its own group, given what `/proc` says of it; nil where cgroup v2 is not mounted.
    static func ownFolder(mounts: String, groups: String) -> String? {
        guard let own = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::") })?.dropFirst(3) else {
            return nil
        }
        for line in mounts.split(separator: "\n") {
            // "id parent device root mountpoint options… - type source options" (proc_pid_mountinfo(5))
            let words = line.split(separator: " ")
            guard let dash = words.firstIndex(of: "-"), words.count > dash + 1, words[dash + 1] == "cgroup2", dash >= 5
            else { continue }
            let root = words[3]
            let path = root != "/" && own.hasPrefix(root) ? own.dropFirst(root.count) : own
            let folder = words[4] + (path == "/" ? "" : path)
            return String(folder)
        }
        return nil
    }

    static func prepare(_ folder: String, process: pid_t) throws(SchedulerError) -> String {
        let there = Set(words(of: "\(folder)/cgroup.controllers"))
        guard there.isSuperset(of: controllers) else {
            throw SchedulerError(.unavailable, "the controllers memory and pids are not there for \(folder)")
        }
        if !Set(words(of: "\(folder)/cgroup.subtree_control")).isSuperset(of: controllers) {
            try step(aside: process, in: folder)
            try enable(in: folder)
        }
        let tasks = "\(folder)/\(tasks)"
        guard mkdir(tasks, 0o755) == 0 || errno == EEXIST else {
            throw SchedulerError(.unavailable, "\(tasks) cannot be made: \(systemMessage(errno))")
        }
        try enable(in: tasks)
        return tasks
    }

    private static func step(aside process: pid_t, in folder: String) throws(SchedulerError) {
        let members = words(of: "\(folder)/cgroup.procs")
        guard members == ["\(process)"] else {
            throw SchedulerError(.unavailable, "\(folder) is not this worker's alone")
        }
        guard mkdir("\(folder)/\(leaf)", 0o755) == 0 || errno == EEXIST else {
            throw SchedulerError(.unavailable, "\(folder)/\(leaf) cannot be made: \(systemMessage(errno))")
        }
        try write("\(process)", to: "\(folder)/\(leaf)/cgroup.procs")
    }

    private static func enable(in folder: String) throws(SchedulerError) {
        try write("+memory +pids", to: "\(folder)/cgroup.subtree_control")
    }

    private static func write(_ text: String, to path: String) throws(SchedulerError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SchedulerError(.unavailable, "\(path) cannot be written: \(systemMessage(errno))")
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SchedulerError(.unavailable, "\(path) cannot be written: \(systemMessage(errno))")
        }
    }

    private static func words(of path: String) -> [String] {
        (SystemFile.text(of: path) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
