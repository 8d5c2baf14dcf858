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
    }

    let settings: ProcessSettings
    let commands: Inbox<ProcessLoop.Command>
    private var link: KeeperLink?

    init(settings: ProcessSettings, commands: Inbox<ProcessLoop.Command>) {
        self.settings = settings
        self.commands = commands
    }

    mutating func handle(_ order: Order) {
        switch order {
        case .start(let start): handle(start)
        // Without a keeper nothing is left to be stopped.
        case .stop(let id, let grace): _ = link?.send(KeeperRequest.stop(id, grace: grace ?? settings.killGrace))
        }
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
