import CProcess
import Glibc
import SchedulerErrors
import SchedulerFoundation

/// The threads of a `ProcessRunner` and what connects them.
final class ProcessMachine: Sendable {
    private let orders: Inbox<ProcessStarter.Order>
    private let commands: Inbox<ProcessLoop.Command>

    init(_ settings: ProcessSettings, lease: CurrentLease) throws {
        let orders = try Inbox<ProcessStarter.Order>(wakesEach: true)
        let commands = try Inbox<ProcessLoop.Command>(wakesEach: false)
        self.orders = orders
        self.commands = commands
        if settings.adoptsOrphans, scheduler_adopt_descendants() != 0 {
            throw SchedulerError(.unavailable, "descendants cannot be adopted: \(systemMessage(errno))")
        }
        let epoll = try ProcessLoop.watch(commands)
        try BlockingThread.start(named: "sched-process") {
            var loop = ProcessLoop(settings: settings, epoll: epoll, commands: commands) {
                orders.put(.stop($0, grace: .zero))
            }
            loop.run()
        }
        try BlockingThread.start(named: "sched-spawn") {
            var starter = ProcessStarter(settings: settings, commands: commands, lease: lease)
            while let order = orders.takeOne() { starter.handle(order) }
        }
    }

    func start(_ start: ProcessStart) { orders.put(.start(start)) }

    /// The flag reaches a process that is not started yet, the order one that runs.
    func stop(_ handle: ProcessHandle) {
        handle.requestStop()
        orders.put(.stop(handle.id, grace: nil))
    }

    /// Tells the keeper of the lease's new end, before all that waits to be started.
    func renewLease() { orders.putFirst(.lease) }

    /// Called when no process runs any more: each caller of `run` holds the runner until its process has ended.
    func shutDown() {
        orders.close(waking: 1)
        commands.close(waking: 1)
    }
}
