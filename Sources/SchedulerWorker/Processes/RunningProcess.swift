import CProcess
import Glibc
import SchedulerDomain
import SchedulerErrors

/// One process as the loop's thread sees it; after it was handed over it never leaves that thread.
final class RunningProcess: @unchecked Sendable {
    /// What announces itself; the low bits of a token.
    enum Source: UInt64, CaseIterable {
        case output = 1
        case error = 2
    }

    /// How much is read of one stream before others get their turn.
    private static let readsPerTurn = 4
    private static let turnsOfRest = 16

    let start: ProcessStart
    let link: KeeperLink
    /// Until when output is read after the end; nil before the end.
    private(set) var drainUntil: ContinuousClock.Instant?
    /// The number of its group; 0 before the keeper said so.
    var group: pid_t = 0
    /// Why its end is an error whatever it did; nil where it is not.
    var fault: SchedulerError?
    private var end: scheduler_keeper_event?
    private var descriptors: [Source: CInt]
    private var captured: [Source: CapturedOutput]
    private var lines: [Source: LineSplitter] = [.output: LineSplitter(), .error: LineSplitter()]

    init(_ start: ProcessStart, output: CInt, error: CInt, link: KeeperLink) {
        self.start = start
        self.link = link
        descriptors = [.output: output, .error: error]
        let limit = min(CapturedOutput.resultLimit, start.request.limits.outputBytes)
        captured = [.output: CapturedOutput(limit: limit), .error: CapturedOutput(limit: limit)]
    }

    var id: UInt64 { start.handle.id }
    /// Nobody holds its pipes any more.
    var isSilent: Bool { descriptors.isEmpty }
    var hasEnded: Bool { end != nil }

    func descriptor(of source: Source) -> CInt { descriptors[source] ?? -1 }

    func close(_ source: Source, in epoll: CInt) {
        guard let descriptor = descriptors.removeValue(forKey: source) else { return }
        scheduler_epoll_remove(epoll, descriptor)
        Glibc.close(descriptor)
    }

    /// - Returns: false where the stream has ended.
    func read(_ source: Source, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let descriptor = descriptors[source] else { return true }
        for _ in 0..<RunningProcess.readsPerTurn {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if count == 0 { return false }
            take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), of: source)
            if count < buffer.count { return true }
        }
        return true
    }

    /// Reads what its gone processes left in a pipe, which holds no more than a megabyte.
    ///
    /// - Returns: false where the stream has ended.
    func readRest(_ source: Source, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        for _ in 0..<RunningProcess.turnsOfRest where !read(source, into: buffer) { return false }
        return true
    }

    private func take(_ bytes: UnsafeRawBufferPointer, of source: Source) {
        captured[source]?.append(bytes)
        guard let onLine = start.request.onLine else { return }
        lines[source]?.append(bytes) { onLine(source.stream, $0) }
    }

    /// Notes that it and all that descends from it are gone.
    func note(_ event: scheduler_keeper_event, drainFor time: Duration) {
        end = event
        drainUntil = .now + time
    }

    func finish() {
        guard let end else { preconditionFailure("finished before its end") }
        if let fault { return fail(fault) }
        if let onLine = start.request.onLine {
            for source in Source.allCases { lines[source]?.finish { onLine(source.stream, $0) } }
        }
        let exit = end.exit
        start.continuation.resume(
            returning: ProcessOutcome(
                ending: exit.signal == 0 ? .exited(Int(exit.status)) : .killed(signal: exit.signal),
                standardOutput: captured[.output] ?? CapturedOutput(),
                standardError: captured[.error] ?? CapturedOutput(),
                wasStopped: end.was_stopped != 0,
                wasFenced: end.was_fenced != 0,
                ranOutOfMemory: end.memory_kills > 0,
                usage: ResourceUsage(
                    cpuTime: .microseconds(exit.cpu_microseconds), peakMemoryBytes: exit.peak_memory_bytes)))
    }

    func fail(_ error: any Error) { start.continuation.resume(throwing: error) }
}

extension RunningProcess.Source {
    fileprivate var stream: LogStream { self == .output ? .stdout : .stderr }
}
