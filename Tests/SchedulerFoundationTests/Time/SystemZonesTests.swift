import Foundation
import SchedulerDomain
import SchedulerErrors
import Synchronization
import Testing

@testable import SchedulerFoundation

@Suite("Time zones of the system")
struct SystemZonesTests {
    private func message(_ name: String, _ zones: SystemZones = .shared) -> String? {
        #expect(throws: SchedulerError.self) { try zones.zone(name) }?.faults.first { $0.field == "timezone" }?.message
    }

    @Test(
        "are read by their IANA names", arguments: ["Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+12", "CET"])
    func known(name: String) throws {
        #expect(try SystemZones.shared.zone(name).name == name)
    }

    @Test(
        "are refused by any other name",
        arguments: [
            "Mars/Phobos", "", "CEST", "GMT+2", "Europe/", "/Europe/Berlin", "Europe//Berlin",
            "../zoneinfo/Europe/Berlin",
            "Europe/../Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin", "Europe", "europe/berlin", "tzdata.zi",
            "zone.tab", "right/Europe/Berlin", "posix/Europe/Berlin", "posixrules", "localtime", "Europe/Berlin\0",
            "utc2",
        ])
    func unknown(name: String) {
        #expect(message(name)?.hasPrefix("\"\(name)\" is not a known IANA time zone") == true)
    }

    @Test(
        "are suggested where a name is nearly theirs",
        arguments: [
            ("Europe/Berln", "did you mean Europe/Berlin?"), ("europe berlin", "did you mean Europe/Berlin?"),
            ("EUROPE/DUBLIN", "did you mean Europe/Dublin?"), ("berlin", "did you mean Europe/Berlin?"),
            ("America/NewYork", "did you mean America/New_York?"), ("Sao Paulo", "did you mean America/Sao_Paulo?"),
            ("Mars/Olympus_Mons", "for example Europe/Berlin"),
        ])
    func suggested(name: String, hint: String) {
        #expect(message(name)?.hasSuffix(hint) == true, "\(message(name) ?? "")")
    }

    @Test("are suggested three at a time at most, the nearest first")
    func threeSuggestions() {
        let names = NearestNames(
            to: "Europe/Berlim", among: ["A/Berlin", "Europe/Merlin", "Europe/Berlin", "X/Y", "B/Berlim"])
        #expect(names.names.first == "Europe/Berlin")
        #expect(NearestNames(to: "Aaaaaaaa", among: ["Aaaaaaab", "Aaaaaaac", "Aaaaaaad", "Aaaaaaae"]).names.count == 3)
    }

    @Test("UTC needs no file; the others say what is missing")
    func noFiles() throws {
        let zones = SystemZones(ZoneFiles(folder: "/nowhere/zoneinfo"))
        #expect(try zones.zone("UTC") == .utc)
        #expect(zones.version == "unknown")
        #expect(
            message("Europe/Berlin", zones)
                == "\"Europe/Berlin\" cannot be looked up: this system has no time zone files in /nowhere/zoneinfo; "
                + "install the package tzdata, or use UTC")
    }

    @Test("another release of the files takes effect within a minute, also its version")
    func update() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zones-\(UUID())")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "Test"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func install(_ zone: String, _ version: String) throws {
            let file = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(zone)"))
            try file.write(to: folder.appending(path: "Test/Zone"), options: .atomic)
            try Data("# version \(version)\nR a\n".utf8).write(
                to: folder.appending(path: "tzdata.zi"), options: .atomic)
        }
        let clock = Mutex(MonotonicInstant.now)
        let zones = SystemZones(ZoneFiles(folder: folder.path)) { clock.withLock { $0 } }
        let noon = try #require(UTCInstant("2026-01-01T12:00:00Z"))
        try install("Europe/Berlin", "2026a")
        #expect(try zones.zone("Test/Zone").offset(at: noon) == 3_600)
        #expect(zones.version == "2026a")
        try install("Asia/Kathmandu", "2026b1")
        #expect(try zones.zone("Test/Zone").offset(at: noon) == 3_600)
        clock.withLock { $0 = $0.advanced(by: .seconds(60)) }
        #expect(try zones.zone("Test/Zone").offset(at: noon) == 20_700)
        #expect(zones.version == "2026b1")
        try Data("TZif, but no more".utf8).write(to: folder.appending(path: "Test/Damaged"))
        #expect(message("Test/Damaged", zones)?.contains("cannot be read: it ends too early") == true)
    }

    @Test("have a version of their own where no file names the release, and it follows the rules")
    func unnamedRelease() throws {
        func folder() throws -> URL {
            let folder = FileManager.default.temporaryDirectory.appending(path: "zones-\(UUID())")
            try FileManager.default.createDirectory(
                at: folder.appending(path: "Test"), withIntermediateDirectories: true)
            return folder
        }
        func install(_ zone: String, in folder: URL) throws {
            // Written over the old file: the folders stay as they are.
            let file = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(zone)"))
            try file.write(to: folder.appending(path: "Test/Zone"))
        }
        let (first, second) = (try folder(), try folder())
        defer { for folder in [first, second] { try? FileManager.default.removeItem(at: folder) } }
        for folder in [first, second] { try install("Europe/Berlin", in: folder) }
        let clock = Mutex(MonotonicInstant.now)
        let zones = SystemZones(ZoneFiles(folder: first.path)) { clock.withLock { $0 } }
        let before = zones.version
        #expect(before.wholeMatch(of: /unknown-[0-9a-f]{16}/) != nil)
        #expect(SystemZones(ZoneFiles(folder: second.path)).version == before)
        try install("Asia/Kathmandu", in: first)
        clock.withLock { $0 = $0.advanced(by: .seconds(60)) }
        #expect(zones.version != before)
        #expect(try zones.zone("Test/Zone").offset(at: try #require(UTCInstant("2026-01-01T12:00:00Z"))) == 20_700)
        try install("Europe/Berlin", in: first)
        clock.withLock { $0 = $0.advanced(by: .seconds(60)) }
        #expect(zones.version == before)
    }

    @Test(
        "have the version of the files",
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/tzdata.zi")))
    func version() {
        #expect(SystemZones.shared.version.wholeMatch(of: /20\d\d[a-z]+/) != nil)
    }
}
