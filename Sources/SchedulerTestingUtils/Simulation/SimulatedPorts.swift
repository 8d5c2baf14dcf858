import SchedulerErrors

/// What goes wrong around one call of a port.
public enum PortFault: Sendable, Hashable {
    case none
    /// It takes longer.
    case slow(Duration)
    /// It has no effect, and the caller is told so.
    case failBefore
    /// It has its effect, and the caller is told that this is not known.
    case failAfter
    /// The process is killed before the effect.
    case crashBefore
    /// The process is killed after the effect, before it hears of it.
    case crashAfter
}

/// The way of a simulated process to its servers: every call takes some time, and goes wrong as it is told.
///
/// A killed process has no effect any more, on either side of a call.
public struct SimulatedPorts: PortCalls {
    /// What goes wrong with a call, by process and name.
    public typealias Decide = @Sendable (SimulatedProcess, _ name: String) -> PortFault
    /// Told what became of each call.
    public typealias Note = @Sendable (SimulatedProcess, _ name: String, _ what: String) -> Void

    private let process: SimulatedProcess
    private let decide: Decide
    private let note: Note

    public init(of process: SimulatedProcess, note: @escaping Note = { _, _, _ in }, decide: @escaping Decide) {
        self.process = process
        self.decide = decide
        self.note = note
    }

    public func call<Output: Sendable>(
        _ name: String, changes: Bool, _ body: @Sendable () async throws -> Output
    ) async throws -> Output {
        try checkAlive()
        let fault = decide(process, name)
        try await travel(fault)
        switch fault {
        case .failBefore:
            note(process, name, "fails")
            throw SchedulerError(.storeUnavailable, "\(name): the connection was lost before anything was done")
        case .crashBefore:
            note(process, name, "crashes before it")
            process.kill()
        default: break
        }
        try checkAlive()
        let output: Output
        do {
            output = try await body()
        } catch {
            note(process, name, "is refused: \(error)")
            throw error
        }
        note(process, name, fault == .failAfter ? "done, and its answer lost" : "done")
        if fault == .crashAfter {
            note(process, name, "crashes after it")
            process.kill()
        }
        // Cancelled on the way back, it has still been done.
        try await travel(.none)
        try checkAlive()
        if fault == .failAfter {
            throw SchedulerError(
                changes ? .outcomeUnknown : .storeUnavailable, "\(name): the connection was lost before the answer")
        }
        return output
    }

    private func checkAlive() throws {
        if process.isDead { throw CancellationError() }
    }

    /// The time on the wire; not cancelled, as a statement that was sent is not.
    private func travel(_ fault: PortFault) async throws {
        var chance = process.simulator.chance
        var time = Duration.microseconds(Int64.random(in: 50...2_000, using: &chance))
        if case .slow(let more) = fault { time += more }
        await process.simulator.pass(time)
    }
}

extension Simulator {
    /// Waits for a time that nothing cuts short.
    func pass(_ time: Duration) async {
        await withCheckedContinuation { continuation in
            at(elapsed + time) { continuation.resume() }
        }
    }
}
