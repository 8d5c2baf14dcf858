import CProcess
import Glibc

/// What a worker inherits from a keeper that died.
enum InheritedProcesses {
    /// Killed processes end at once, unless they hang in the kernel; then nobody can do more.
    private static let sweeps = 500
    private static let pause: UInt32 = 2_000

    /// Kills and reaps all children of this process; returns when none is left.
    static func kill() {
        for _ in 0..<sweeps {
            guard let sweep = OrphanSweep.run(keeper: getpid(), leaders: [], sparedGroups: []) else { return }
            var status: CInt = 0
            for pid in sweep.remains { waitpid(pid, &status, WNOHANG) }
            if sweep.isClean, sweep.remains.isEmpty { return }
            usleep(pause)
        }
    }
}
