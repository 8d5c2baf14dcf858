public import SchedulerDomain
public import SchedulerFoundation

/// Tells what a schedule means and when it would fire; nothing is stored.
public struct PreviewSchedule: Sendable {
    private let store: any SchedulerStore
    private let zones: any ZoneCatalog

    public init(store: any SchedulerStore, zones: any ZoneCatalog = SystemZones.shared) {
        self.store = store
        self.zones = zones
    }

    /// - Throws: `validation` with every fault of the body.
    public func callAsFunction(_ json: JSONValue) async throws -> SchedulePreview {
        let body = try PreviewBody(json, zones: zones)
        // Fire times go by the store's clock.
        return body.preview(now: try await store.now())
    }
}
