import SchedulerErrors
import SchedulerFoundation

/// The threads of a `ProcessRunner` and what connects them.
final class ProcessMachine: Sendable {
    private static let spawningThreads = 2

    private let starts: Inbox<ProcessStart>
    private let commands: Inbox<ProcessLoop.Command>

    init(killGrace: Duration) throws {
        let starts = try Inbox<ProcessStart>(wakesEach: true)
        let commands = try Inbox<ProcessLoop.Command>(wakesEach: false)
        self.starts = starts
        self.commands = commands
        let spawner = try ProcessSpawner()
        let epoll = try ProcessLoop.watch(commands)
        try BlockingThread.start(named: "sched-process") {
            var loop = ProcessLoop(killGrace: killGrace, epoll: epoll)
            loop.run(commands: commands)
        }
        for _ in 0..<ProcessMachine.spawningThreads {
            try BlockingThread.start(named: "sched-spawn") {
                // These threads live as long as the runner, since a process ends with the thread that started it.
                while let start = starts.takeOne() { spawner.handle(start, passingTo: commands) }
            }
        }
    }

    func start(_ start: ProcessStart) { starts.put(start) }

    /// The flag reaches a process that is not started yet, the command one that runs.
    func stop(_ handle: ProcessHandle) {
        handle.requestStop()
        commands.put(.stop(ObjectIdentifier(handle)))
    }

    /// Called when no process runs any more: each caller of `run` holds the runner until its process has ended.
    func shutDown() {
        starts.close(waking: ProcessMachine.spawningThreads)
        commands.close(waking: 1)
    }
}
