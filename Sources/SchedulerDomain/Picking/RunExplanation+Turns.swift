extension RunExplanation {
    /// What starts before the run, found by the plan that picks.
    ///
    /// With the slots that are free: it is picked next, or it is not. Without end of those that it competes for: how
    /// many come before it. Where the snapshot is cut before the run, there may be more than it shows.
    static func turns(before run: WaitingRun, in snapshot: PickSnapshot, hasSlot: Bool) -> [Reason] {
        var snapshot = snapshot
        let isShown = snapshot.waiting.contains { $0.id == run.id }
        if !isShown { snapshot.waiting.append(run) }
        let endless = snapshot.freeSlots.endless(for: run.taskType)
        var unbound = snapshot
        // Nor is there an end of the slots that only some of the workers offer.
        unbound.scarce = [:]
        var order = PickPlan(unbound, slots: endless, limit: .max).runs
        let limit = limitAhead(of: run, in: unbound, slots: endless, order: order)
        if limit != nil {
            order = PickPlan(unbound.lifting(limitsOf: run), slots: endless, limit: .max).runs
        }
        let rivals = endless.types(sharingWith: run.taskType)
        let before = order.prefix { $0.id != run.id }.filter { rivals.contains($0.taskType) }
        if hasSlot, isShown || before.isEmpty {
            let next = PickPlan(snapshot, slots: snapshot.freeSlots, limit: .max)
            if next.runs.contains(where: { $0.id == run.id }) { return [.ready] }
        }
        return [limit].compactMap { $0 }
            + count(before, of: run, at: snapshot.now, isAtLeast: limit != nil || !isShown)
    }

    private static func count(
        _ before: [WaitingRun], of run: WaitingRun, at now: UTCInstant, isAtLeast: Bool
    ) -> [Reason] {
        let level = run.effectivePriority(at: now)
        let others = before.filter { $0.tenant != run.tenant && $0.effectivePriority(at: now) == level }
        var reasons: [Reason] = []
        if before.count > others.count || isAtLeast {
            reasons.append(.turn(runs: before.count - others.count, isAtLeast: isAtLeast))
        }
        if !others.isEmpty {
            reasons.append(.tenantShare(runs: others.count, tenants: Set(others.map(\.tenant)).count))
        }
        return reasons
    }

    /// The limit that runs before it use up; nil where it has its turn before that.
    private static func limitAhead(
        of run: WaitingRun, in snapshot: PickSnapshot, slots: FreeSlots, order: [WaitingRun]
    ) -> Reason? {
        guard !order.contains(where: { $0.id == run.id }) else { return nil }
        var admission = PickAdmission(snapshot, slots: slots)
        for (index, earlier) in order.enumerated() {
            admission.admit(earlier)
            guard let refusal = admission.refusals(of: run).first else { continue }
            let before = order[...index].filter { $0.tenant == run.tenant }
            func reason(_ scope: LimitScope, _ limit: Int, _ shares: (WaitingRun) -> Bool) -> Reason {
                .limitAhead(scope, limit: limit, runs: before.filter(shares).prefix(RunHolders.most).map(\.id))
            }
            switch refusal {
            case .taskLimit(_, let limit): return reason(.task, limit) { $0.task == run.task }
            case .keyLimit(let key, _, let limit): return reason(.key, limit) { $0.concurrencyKey == key }
            case .tenantLimit(_, let limit): return reason(.tenant, limit) { _ in true }
            case .notDue, .paused, .noWorker, .noExecutor, .noAbleSlot, .isolation, .noSlot: return nil
            }
        }
        return nil
    }
}

extension PickSnapshot {
    /// The same without the limits that hold this run, to see when its turn would come.
    fileprivate func lifting(limitsOf run: WaitingRun) -> PickSnapshot {
        var snapshot = self
        snapshot.tasks[run.task]?.maxConcurrent = 0
        snapshot.tenants[run.tenant] = nil
        return snapshot
    }
}
