/// Which runs start now, in which order.
///
/// Priorities and tenants take turns (`PickTurns`), a tenant's own runs go by their due times, and every run must be
/// admitted (`PickAdmission`). A run counts for the priority that its age has given it.
public struct PickPlan: Sendable {
    /// In the order in which they should start.
    public private(set) var runs: [WaitingRun] = []
    /// The workers that runs among them go to by name.
    public private(set) var destinations: [RunID: WorkerID] = [:]
    /// Whose turn it is afterwards.
    public private(set) var turns: PickTurns
    private var admission: PickAdmission

    /// - Parameter limit: the most runs.
    public init(_ snapshot: PickSnapshot, slots: FreeSlots, limit: Int) {
        turns = snapshot.turns
        admission = PickAdmission(snapshot, slots: slots)
        var lines = PickPlan.lines(of: snapshot)
        while runs.count < limit, !admission.slots.isEmpty, let (run, priority) = next(from: &lines) {
            destinations[run.id] = admission.admit(run)
            turns.serve(run.tenant, at: priority)
            runs.append(run)
        }
    }

    /// The slots that are left.
    public var freeSlots: FreeSlots { admission.slots }

    /// Whether more than the want of a slot holds a run that did not start.
    public func isHeld(_ run: WaitingRun) -> Bool { admission.refusals(of: run).contains { !$0.isOfSlots } }

    /// The run whose turn it is, from the first priority that has one which may start.
    private func next(from lines: inout [Line]) -> (WaitingRun, Priority)? {
        for priority in turns.order {
            let last = turns.lastServed(at: priority)
            if let run = lines[priority.level].next(after: last, admission) { return (run, priority) }
        }
        return nil
    }

    private static func lines(of snapshot: PickSnapshot) -> [Line] {
        var runs = Priority.allCases.map { _ in [TenantID: [WaitingRun]]() }
        for run in snapshot.waiting {
            runs[run.effectivePriority(at: snapshot.now).level][run.tenant, default: []].append(run)
        }
        return runs.map(Line.init)
    }
}

/// What waits at one priority, by tenant.
private struct Line {
    private var tenants: [TenantID]
    /// Of each tenant, the latest first, so that the earliest is taken from the end.
    private var runs: [[WaitingRun]]

    init(_ byTenant: [TenantID: [WaitingRun]]) {
        let sorted = byTenant.sorted { $0.key < $1.key }
        tenants = sorted.map(\.key)
        runs = sorted.map { $0.value.sorted(by: >) }
    }

    /// Takes the first run that may start of the next tenant that has one; runs that may not are left out for good,
    /// since nothing becomes free during a pass.
    mutating func next(after last: TenantID?, _ admission: PickAdmission) -> WaitingRun? {
        let first = last.map { last in tenants.firstIndex { $0 > last } ?? 0 } ?? 0
        for offset in tenants.indices {
            let index = (first + offset) % tenants.count
            while let run = runs[index].popLast() {
                if admission.refusals(of: run).isEmpty { return run }
            }
        }
        return nil
    }
}
