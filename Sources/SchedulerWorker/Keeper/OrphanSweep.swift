import CProcess
import Glibc

/// What one look at the system's processes says about those that lost their parent and became ours.
///
/// A leader that lives adopts its own descendants, for it is a subreaper too. So a child of ours that is no leader
/// belonged to a task whose leader has ended, and has no business any more.
struct OrphanSweep: Equatable {
    /// Children of ours to be killed.
    private(set) var orphans: [pid_t] = []
    /// What descends from them; their numbers are ours only as long as their parents are who we think.
    private(set) var descendants: [(pid: pid_t, parent: pid_t)] = []
    /// Children of ours that have ended.
    private(set) var remains: [pid_t] = []
    /// Children of ours in a group that still has its grace.
    private(set) var spared: [(pid: pid_t, group: pid_t)] = []

    /// Nothing of ended tasks runs any more, but for what is spared.
    var isClean: Bool { orphans.isEmpty }
    /// All that runs and has no business any more.
    var living: Set<pid_t> { Set(orphans).union(descendants.map(\.pid)) }

    /// - Parameters:
    ///   - keeper: whose children are looked for.
    ///   - leaders: children that are to live.
    ///   - sparedGroups: groups of tasks whose leader has ended and whose grace has not.
    init(
        of processes: some Sequence<scheduler_process>, keeper: pid_t, leaders: Set<pid_t>, sparedGroups: Set<pid_t>
    ) {
        var children: [pid_t: [pid_t]] = [:]
        for process in processes {
            guard process.parent == keeper else {
                children[process.parent, default: []].append(process.pid)
                continue
            }
            if leaders.contains(process.pid) { continue }
            if process.state == CChar(UInt8(ascii: "Z")) {
                remains.append(process.pid)
            } else if sparedGroups.contains(process.group) {
                spared.append((process.pid, process.group))
            } else {
                orphans.append(process.pid)
            }
        }
        var open = orphans
        while let parent = open.popLast() {
            for child in children[parent] ?? [] {
                descendants.append((child, parent))
                open.append(child)
            }
        }
    }

    static func == (lhs: OrphanSweep, rhs: OrphanSweep) -> Bool {
        lhs.orphans == rhs.orphans && lhs.remains == rhs.remains && lhs.spared.elementsEqual(rhs.spared, by: ==)
            && lhs.descendants.elementsEqual(rhs.descendants, by: ==)
    }

    /// Stops what is to be killed, so that it makes no more.
    ///
    /// - Parameter stopped: what was stopped before; it is left alone and grows.
    /// - Returns: whether there was anything new.
    func stop(_ stopped: inout Set<pid_t>) -> Bool {
        let before = stopped.count
        for pid in orphans where stopped.insert(pid).inserted { _ = Glibc.kill(pid, SIGSTOP) }
        for (pid, parent) in descendants where stopped.insert(pid).inserted {
            OrphanSweep.signal(SIGSTOP, pid, childOf: parent)
        }
        return stopped.count > before
    }

    /// Kills what is to be killed, children before their parents: what loses its parent is known by another one.
    func kill() {
        for (pid, parent) in descendants.reversed() { OrphanSweep.signal(SIGKILL, pid, childOf: parent) }
        for pid in orphans { _ = Glibc.kill(pid, SIGKILL) }
    }

    /// The descriptor pins the process; whether it is the right one is asked after.
    private static func signal(_ number: CInt, _ pid: pid_t, childOf parent: pid_t) {
        let descriptor = scheduler_pidfd(pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var process = scheduler_process()
        // The parent may be gone meanwhile; then the next sweep finds the process.
        if scheduler_read_process(pid, &process) == 0, process.parent == parent {
            _ = scheduler_pidfd_signal(descriptor, number)
        }
    }

    /// Looks for orphans and kills them with all that descends from them.
    ///
    /// A killed process of a fork bomb makes room for another one. So all are stopped first, look after look, until a
    /// look finds no new one; stopped ones make none and give up no room.
    /// - Returns: what the last look found; nil where `/proc` cannot be read.
    static func run(keeper: pid_t, leaders: Set<pid_t>, sparedGroups: Set<pid_t>) -> OrphanSweep? {
        func look() -> OrphanSweep? {
            ProcessTable.read().map {
                OrphanSweep(of: $0, keeper: keeper, leaders: leaders, sparedGroups: sparedGroups)
            }
        }
        guard let first = look() else { return nil }
        guard !first.isClean else { return first }
        var stopped: Set<pid_t> = []
        var last = first
        for _ in 0..<looks where last.stop(&stopped) {
            guard let next = look() else { break }
            last = next
        }
        last.kill()
        return last
    }

    /// A bomb within a limit of processes is stopped after a few.
    private static let looks = 50
}

/// The processes that the system shows.
enum ProcessTable {
    /// - Returns: nil where `/proc` cannot be read.
    static func read() -> [scheduler_process]? {
        var capacity = 1_024
        while true {
            var count: CInt = 0
            let processes = [scheduler_process](unsafeUninitializedCapacity: capacity) { buffer, initialized in
                count = scheduler_list_processes(buffer.baseAddress, CInt(capacity))
                initialized = max(0, min(Int(count), capacity))
            }
            if count < 0 { return nil }
            if Int(count) <= capacity { return processes }
            capacity = Int(count) + 1_024
        }
    }
}
