import CProcess
import Glibc
import SchedulerErrors
import Synchronization

/// Speaks to the keeper, on a thread that may block, and starts a keeper where there is none.
///
/// It belongs to that thread alone.
struct ProcessStarter {
    enum Order: Sendable {
        case start(ProcessStart)
        /// Without a grace of its own it has the usual one.
        case stop(UInt64, grace: Duration?)
        /// The worker's lease has another end.
        case lease
    }

    let settings: ProcessSettings
    let commands: Inbox<ProcessLoop.Command>
    let lease: CurrentLease
    private var link: KeeperLink?

    init(settings: ProcessSettings, commands: Inbox<ProcessLoop.Command>, lease: CurrentLease) {
        self.settings = settings
        self.commands = commands
        self.lease = lease
    }

    mutating func handle(_ order: Order) {
        switch order {
        case .start(let start): handle(start)
        // Without a keeper nothing is left to be stopped.
        case .stop(let id, let grace): _ = link?.send(KeeperRequest.stop(id, grace: grace ?? settings.killGrace))
        case .lease: if let link { send(lease, to: link) }
        }
    }

    private func send(_ lease: CurrentLease, to link: KeeperLink) {
        if let deadline = lease.deadline { _ = link.send(KeeperRequest.lease(deadline)) }
    }

    private mutating func handle(_ start: ProcessStart) {
        guard !start.handle.isStopRequested else {
            return start.continuation.resume(throwing: CancellationError())
        }
        do {
            try begin(start)
        } catch {
            start.continuation.resume(throwing: error)
        }
    }

    private mutating func begin(_ start: ProcessStart) throws(SchedulerError) {
        let request = try KeeperRequest(start.request, id: start.handle.id, settings: settings)
        let link = try connected()
        var theirs: [CInt] = []
        defer { for descriptor in theirs { close(descriptor) } }
        theirs.append(try memoryFile(request.strings))
        var ours: [CInt] = []
        do throws(SchedulerError) {
            for _ in 0..<2 {
                let pipe = try OutputPipe()
                ours.append(pipe.reading)
                theirs.append(pipe.writing)
            }
            if !start.request.standardInput.isEmpty { theirs.append(try memoryFile(start.request.standardInput)) }
        } catch {
            for descriptor in ours { close(descriptor) }
            throw error
        }
        // The loop knows it before the keeper can speak of it.
        commands.put(.add(RunningProcess(start, output: ours[0], error: ours[1], link: link)))
        if !link.send(request.message, theirs) { commands.put(.lost(start.handle.id)) }
    }

    private mutating func connected() throws(SchedulerError) -> KeeperLink {
        if let link, !link.isGone { return link }
        let made = try KeeperLink(settings)
        link = made
        // Before its first start, which it refuses after the end of a lease.
        send(lease, to: made)
        commands.put(.watch(made))
        return made
    }

    private func memoryFile(_ bytes: [UInt8]) throws(SchedulerError) -> CInt {
        let file = bytes.withUnsafeBytes { scheduler_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else {
            throw SchedulerError(.execution, "no file in memory can be opened: \(systemMessage(errno))")
        }
        return file
    }
}

/// The last deadline that a runner was given.
final class CurrentLease: Sendable {
    private let current = Mutex<LeaseDeadline?>(nil)

    /// Nil before the first.
    var deadline: LeaseDeadline? { current.withLock { $0 } }
    func replace(_ deadline: LeaseDeadline) { current.withLock { $0 = deadline } }
}

private struct OutputPipe {
    let reading: CInt
    let writing: CInt

    init() throws(SchedulerError) {
        var reading: CInt = -1
        var writing: CInt = -1
        guard scheduler_output_pipe(&reading, &writing) == 0 else {
            throw SchedulerError(.execution, "no pipe can be opened: \(systemMessage(errno))")
        }
        self.reading = reading
        self.writing = writing
    }
}
