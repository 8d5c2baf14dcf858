import Glibc

/// The control group (cgroup v2) of one task: limits that hold for all its processes together.
///
/// Source: the kernel's "Control Group v2" (admin-guide/cgroup-v2).
struct ControlGroup: Sendable, Equatable {
    /// What it used, as far as the system says so.
    struct Usage: Sendable, Equatable {
        /// How many processes were killed because the group had no more memory.
        var memoryKills: UInt32 = 0
        var peakMemoryBytes: Int64?
        var cpuMicroseconds: Int64?
    }

    let path: String
    /// Nil: no limit.
    let memoryBytes: Int64?
    let processes: Int64?

    /// Makes it.
    ///
    /// - Returns: a descriptor of the file by which a process joins; the caller closes it.
    func make() throws(SystemFault) -> CInt {
        guard mkdir(path, 0o755) == 0 else { throw SystemFault() }
        do throws(SystemFault) {
            if let memoryBytes {
                try write("\(memoryBytes)", to: "memory.max")
                // Else the limit would only move memory to the swap; a kernel without swap accounting lacks the file.
                try? write("0", to: "memory.swap.max")
                // The kernel then kills the task as a whole, not the process that it happens upon.
                try write("1", to: "memory.oom.group")
            }
            if let processes { try write("\(processes)", to: "pids.max") }
            let joining = open("\(path)/cgroup.procs", O_WRONLY | O_CLOEXEC | ControlGroup.creation)
            guard joining >= 0 else { throw SystemFault() }
            return joining
        } catch {
            rmdir(path)
            throw error
        }
    }

    func usage() -> Usage {
        Usage(
            memoryKills: value("oom_kill", in: "memory.events").flatMap { UInt32(exactly: $0) } ?? 0,
            peakMemoryBytes: read("memory.peak").flatMap { Int64($0.filter { !$0.isWhitespace }) },
            cpuMicroseconds: value("usage_usec", in: "cpu.stat"))
    }

    /// Kills all that is in it at once, where the kernel can (since Linux 5.14).
    func kill() { try? write("1", to: "cgroup.kill") }

    /// Removes it with the groups that the task made below it.
    ///
    /// - Returns: whether it is gone; it stays as long as a process is in it.
    func remove() -> Bool { ControlGroup.remove(path, depth: 0) }

    /// Deeper than any task needs.
    private static let depthLimit = 16

    private static func remove(_ path: String, depth: Int) -> Bool {
        if rmdir(path) == 0 || errno == ENOENT { return true }
        guard depth < depthLimit, let listing = opendir(path) else { return false }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            guard entry.pointee.d_type == DT_DIR else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { _ = remove("\(path)/\(name)", depth: depth + 1) }
        }
        return rmdir(path) == 0 || errno == ENOENT
    }

    /// The line "key value" of a file.
    private func value(_ key: String, in file: String) -> Int64? {
        for line in read(file)?.split(separator: "\n") ?? [] {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == key { return Int64(words[1]) }
        }
        return nil
    }

    private func read(_ file: String) -> String? { SystemFile.text(of: "\(path)/\(file)") }

    private func write(_ text: String, to file: String) throws(SystemFault) {
        let descriptor = open("\(path)/\(file)", O_WRONLY | O_CLOEXEC | ControlGroup.creation, 0o644)
        guard descriptor >= 0 else { throw SystemFault() }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemFault() }
    }

    /// The kernel's files are there; in a tree of ordinary files they are made.
    private static let creation = O_CREAT
}

/// A system call that failed.
struct SystemFault: Error, Equatable {
    let number: Int32

    init(_ number: Int32 = errno) { self.number = number }
}
