import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

@Suite("Time zones of the system")
struct SystemZonesTests {
    @Test("UTC needs no file")
    func utc() throws { #expect(try SystemZones.shared.zone("UTC") == .utc) }
}
