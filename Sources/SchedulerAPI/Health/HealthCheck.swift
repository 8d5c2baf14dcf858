import SchedulerFoundation

/// Asks all probes at once and waits for none longer than its limit, even if a probe never returns.
struct HealthCheck: Sendable {
    private let probes: [SharedProbe]
    private let limit: Duration

    init(_ probes: [HealthProbe], limit: Duration = .seconds(1)) {
        self.probes = probes.map(SharedProbe.init)
        self.limit = limit
    }

    func callAsFunction() async -> HealthReport {
        let dependencies = await withTaskGroup(of: (Int, HealthReport.Dependency).self) { group in
            for (index, probe) in probes.enumerated() { group.addTask { (index, await state(of: probe)) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return HealthReport(dependencies: dependencies.sorted { $0.0 < $1.0 }.map(\.1))
    }

    private func state(of shared: SharedProbe) async -> HealthReport.Dependency {
        let start = ContinuousClock.now
        // Why a probe failed is logged by whoever owns the connection; here it counts that it did.
        let isUp = (try? await withTimeout(limit, shared.probe.name) { await shared.answer() }) ?? false
        return .init(
            name: shared.probe.name, isRequired: shared.probe.isRequired, state: isUp ? .up : .down,
            latency: isUp ? ContinuousClock.now - start : nil)
    }
}
