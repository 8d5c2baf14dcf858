import Synchronization

/// The lease of one worker identifier as all parts of the worker see it.
///
/// Whoever is about to claim, start or beat asks it right before: a process that was stopped goes on with what it was
/// about to do, whatever happened meanwhile.
final class WorkerFence: Sendable {
    /// Nil where nothing is fenced.
    private let state: Mutex<FenceStateMachine?>
    private let enforcer: (any LeaseEnforcer)?

    /// - Parameters:
    ///   - times: nil: nothing is ever fenced.
    ///   - sentAt: when the registration was sent.
    ///   - enforcer: is given each deadline.
    init(_ times: FenceTimes?, registrationSentAt sentAt: ContinuousClock.Instant, enforcer: (any LeaseEnforcer)?) {
        let machine = times.map { FenceStateMachine($0, registrationSentAt: sentAt) }
        state = Mutex(machine)
        self.enforcer = enforcer
        if let machine { enforcer?.enforce(machine.deadline) }
    }

    func reasonToStop(at now: ContinuousClock.Instant) -> StopReason? { state.withLock { $0?.reasonToStop(at: now) } }

    func isOpen(at now: ContinuousClock.Instant) -> Bool { reasonToStop(at: now) == nil }

    func mayBeat(at now: ContinuousClock.Instant) -> Bool { state.withLock { $0?.mayBeat(at: now) ?? true } }

    func renew(sentAt: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        change { $0.renew(sentAt: sentAt, at: now) }
    }

    func takeAway(at now: ContinuousClock.Instant) { change { $0.takeAway(at: now) } }

    func tick(at now: ContinuousClock.Instant, mustReturn: Bool) -> FenceStateMachine.Action {
        state.withLock { $0?.tick(at: now, mustReturn: mustReturn) ?? .wait }
    }

    /// The deadlines are passed on in the order in which they are made.
    private func change(_ body: (inout FenceStateMachine) -> Void) {
        state.withLock { state in
            guard var machine = state else { return }
            body(&machine)
            state = machine
            enforcer?.enforce(machine.deadline)
        }
    }
}
