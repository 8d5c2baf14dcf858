import CProcess
import Glibc
import SchedulerDomain
import SchedulerErrors

/// The message by which a keeper starts a process, with what goes beside it.
struct KeeperRequest {
    /// More is no program's business, and what the kernel takes for arguments and environment is less.
    private static let stringLimit = 8 * 1_024 * 1_024

    /// In containers all workers are process 1.
    private static let process = String(UInt64.random(in: 0...UInt64.max), radix: 36)

    var message = scheduler_keeper_request()
    var strings: [UInt8] = []

    /// - Throws: `validation` where the strings are more than any system takes.
    init(_ request: ProcessRequest, id: UInt64, settings: ProcessSettings) throws(SchedulerError) {
        message.id = id
        message.kind = UInt32(SCHEDULER_KEEPER_START)
        message.candidates = UInt32(request.candidates.count)
        message.arguments = UInt32(request.arguments.count)
        message.variables = UInt32(request.environment.count)
        message.has_input = request.standardInput.isEmpty ? 0 : 1
        message.mask = settings.umask.map { Int32($0) } ?? -1
        setLimits(request.limits, hasControlGroup: settings.controlGroup != nil)
        if let user = settings.user { setUser(user) }
        let folder = settings.controlGroup.map { "\($0)/run-\(KeeperRequest.process)-\(id)" } ?? ""
        let last = [request.workingDirectory ?? "", folder]
        for string in request.candidates + request.arguments + request.environment + last {
            strings.append(contentsOf: string.utf8)
            strings.append(0)
        }
        guard strings.count <= KeeperRequest.stringLimit else {
            throw .invalid("command", "command, arguments and environment together are longer than any program takes")
        }
    }

    static var ping: scheduler_keeper_request {
        var message = scheduler_keeper_request()
        message.kind = UInt32(SCHEDULER_KEEPER_PING)
        return message
    }

    static func stop(_ id: UInt64, grace: Duration) -> scheduler_keeper_request {
        var message = scheduler_keeper_request()
        message.id = id
        message.kind = UInt32(SCHEDULER_KEEPER_STOP)
        message.grace_ms = UInt32(clamping: grace.milliseconds)
        return message
    }

    /// - Parameter deadline: passed on as a point in time, so that a slow way makes it no later.
    static func lease(_ deadline: LeaseDeadline) -> scheduler_keeper_request {
        var message = scheduler_keeper_request()
        message.kind = UInt32(SCHEDULER_KEEPER_LEASE)
        message.stop_at_us = SharedClock.microseconds(of: deadline.stopAt)
        message.grace_ms = UInt32(clamping: deadline.grace.milliseconds)
        return message
    }

    /// The number of processes is the group's business where there is one: it counts those of the task, not of the user.
    private mutating func setLimits(_ limits: ResourceLimits, hasControlGroup: Bool) {
        let memory = limits.maxMemoryMegabytes.map { Int64($0) * 1_048_576 } ?? -1
        let processes = limits.maxProcesses.map { Int64($0) } ?? -1
        // Also beside a group: a task that runs as the worker's user could change that.
        message.limits.memory_bytes = memory
        message.limits.processes = hasControlGroup ? -1 : processes
        message.group_memory_bytes = memory
        message.group_processes = processes
        message.limits.cpu_seconds = limits.maxCPUSeconds.map { Int64($0) } ?? -1
        message.limits.open_files = limits.maxOpenFiles.map { Int64($0) } ?? -1
    }

    private mutating func setUser(_ user: TaskUser) {
        message.user.is_set = 1
        message.user.uid = user.uid
        message.user.gid = user.gid
        let groups = user.groups.prefix(Int(SCHEDULER_GROUPS))
        message.user.group_count = UInt32(groups.count)
        withUnsafeMutableBytes(of: &message.user.groups) { bytes in
            for (index, group) in groups.enumerated() { bytes.bindMemory(to: UInt32.self)[index] = group }
        }
    }
}
