import Foundation
import Glibc
import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerWorker

/// Against trees of ordinary files, which behave as the kernel's as far as reading and writing goes.
@Suite("Control groups")
struct ControlGroupTests {
    private let folder = try? TemporaryFolder()

    private func root() throws -> TemporaryFolder { try #require(folder) }

    private func write(_ text: String, _ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test("a task's group gets the limits, its process joins it, and its use is read")
    func group() throws {
        let path = try root().file("task")
        let group = ControlGroup(path: path, memoryBytes: 64 << 20, processes: 9)
        let joining = try group.make()
        #expect(Glibc.write(joining, "0", 1) == 1)
        close(joining)
        #expect(text("\(path)/memory.max") == "67108864")
        #expect(text("\(path)/memory.swap.max") == "0")
        #expect(text("\(path)/memory.oom.group") == "1")
        #expect(text("\(path)/pids.max") == "9")
        #expect(text("\(path)/cgroup.procs") == "0")
        try write("low 0\nhigh 0\nmax 5\noom 1\noom_kill 3\n", "\(path)/memory.events")
        try write("67000000\n", "\(path)/memory.peak")
        try write("usage_usec 1234\nuser_usec 1000\n", "\(path)/cpu.stat")
        #expect(
            group.usage() == ControlGroup.Usage(memoryKills: 3, peakMemoryBytes: 67_000_000, cpuMicroseconds: 1_234))
        group.kill()
        #expect(text("\(path)/cgroup.kill") == "1")
    }

    @Test("a kernel that lacks a figure leaves it out")
    func lacking() throws {
        let group = ControlGroup(path: try root().file("none"), memoryBytes: nil, processes: nil)
        #expect(group.usage() == ControlGroup.Usage())
        #expect(group.remove())
    }

    @Test("a group that cannot be made is a fault of the system with its number")
    func unmakeable() throws {
        let group = ControlGroup(path: try root().file("missing/task"), memoryBytes: 1, processes: nil)
        #expect(throws: SystemFault(ENOENT)) { try group.make() }
    }

    @Test("a task in a group that ran out of memory says so, with peak and time of the whole group")
    func outOfMemory() async throws {
        let root = try root()
        let go = root.file("go")
        let executors = try ProcessExecutors { $0.controlGroup = root.path }
        let work = Task {
            try await executors.shell.execute(
                .shell("while [ ! -e '\(go)' ]; do sleep 0.01; done; kill -9 $$") {
                    $0.limits = ResourceLimits(maxMemoryMegabytes: 64, maxProcesses: 9)
                })
        }
        func task() -> String? {
            (try? FileManager.default.contentsOfDirectory(atPath: root.path))?.first { $0.hasPrefix("run-") }
        }
        try await eventually("the task has joined") {
            task().flatMap { text("\(root.path)/\($0)/cgroup.procs") } == "0"
        }
        let path = "\(root.path)/\(try #require(task()))"
        #expect(text("\(path)/memory.max") == "67108864" && text("\(path)/pids.max") == "9")
        try write("oom_kill 1\n", "\(path)/memory.events")
        try write("67108864\n", "\(path)/memory.peak")
        try write("usage_usec 5000000\n", "\(path)/cpu.stat")
        try write("", go)
        let result = try await work.value
        #expect(result.error?.type == .system)
        #expect(result.error?.message == "killed: it needed more memory than max_memory_mb 64")
        #expect(result.usage == ResourceUsage(cpuTime: .seconds(5), peakMemoryBytes: 67_108_864))
        #expect(text("\(path)/cgroup.kill") == "1")
    }

    @Test("a worker that is alone in its group steps into a leaf and lets tasks have limits")
    func alone() throws {
        let folder = try root().file("own")
        try write("cpu memory pids\n", "\(folder)/cgroup.controllers")
        try write("", "\(folder)/cgroup.subtree_control")
        try write("42\n", "\(folder)/cgroup.procs")
        try write("", "\(folder)/scheduler-worker/cgroup.procs")
        try write("", "\(folder)/scheduler-tasks/cgroup.subtree_control")
        #expect(try ControlGroupRoot.prepare(folder, process: 42) == "\(folder)/scheduler-tasks")
        #expect(text("\(folder)/scheduler-worker/cgroup.procs") == "42")
        #expect(text("\(folder)/cgroup.subtree_control") == "+memory +pids")
        #expect(text("\(folder)/scheduler-tasks/cgroup.subtree_control") == "+memory +pids")
    }

    @Test("a worker that shares its group with others leaves it as it is")
    func shared() throws {
        let folder = try root().file("own")
        try write("memory pids\n", "\(folder)/cgroup.controllers")
        try write("", "\(folder)/cgroup.subtree_control")
        try write("42\n43\n", "\(folder)/cgroup.procs")
        let error = #expect(throws: SchedulerError.self) { try ControlGroupRoot.prepare(folder, process: 42) }
        #expect(error?.message == "\(folder) is not this worker's alone")
        #expect(text("\(folder)/cgroup.subtree_control") == "")
    }

    @Test("without the controllers there are no control groups")
    func controllers() throws {
        let folder = try root().file("own")
        try write("cpu\n", "\(folder)/cgroup.controllers")
        let error = #expect(throws: SchedulerError.self) { try ControlGroupRoot.prepare(folder, process: 42) }
        #expect(error?.message.contains("memory and pids are not there") == true)
    }

    @Test("a configured folder that cannot be written is a fault of the configuration")
    func configured() throws {
        let error = #expect(throws: SchedulerError.self) { try ControlGroupRoot.inFolder("/nowhere") }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasPrefix("worker.control_group: /nowhere/cgroup.subtree_control") == true)
    }

    @Test(
        "a process finds its own group where it is mounted",
        arguments: [
            (
                "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "0::/system.slice/w\n",
                "/sys/fs/cgroup/system.slice/w"
            ),
            ("30 1 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 none rw", "0::/\n", "/sys/fs/cgroup"),
            ("30 1 0:26 /docker/x /cg rw - cgroup2 none rw", "4:pids:/y\n0::/docker/x/w\n", "/cg/w"),
        ])
    func ownFolder(mounts: String, groups: String, expected: String) {
        #expect(
            ControlGroupRoot.ownFolder(mounts: "1 0 8:1 / / rw - ext4 /dev/x rw\n" + mounts, groups: groups) == expected
        )
    }

    @Test("a machine with cgroup v1 alone has none")
    func versionOne() {
        #expect(
            ControlGroupRoot.ownFolder(mounts: "30 1 0:26 / /c rw - cgroup cgroup rw", groups: "1:pids:/x\n") == nil)
    }
}
