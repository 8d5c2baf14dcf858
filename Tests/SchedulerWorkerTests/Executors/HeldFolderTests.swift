import Foundation
import Testing

@testable import SchedulerWorker

@Suite("The folders of attempts")
struct HeldFolderTests {
    private let files = FileManager.default

    private func withParent(_ body: (URL) throws -> Void) throws {
        let parent = files.temporaryDirectory.appending(path: "held-\(UUID())")
        try files.createDirectory(at: parent, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: parent) }
        try body(parent)
    }

    private func makeLeft(_ name: String, in parent: URL, mode: Int = 0o700) throws -> URL {
        let folder = parent.appending(path: name)
        try files.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: mode])
        try Data("[]".utf8).write(to: folder.appending(path: "upstream-results.json"))
        return folder
    }

    @Test("what a killed worker left is removed, and what a living one holds stays")
    func leftOnes() throws {
        try withParent { parent in
            let left = try makeLeft("scheduler-run-abcdef", in: parent)
            let held = try HeldFolder.make(in: parent.path())
            HeldFolder.removeLeftOnes(in: parent.path())
            #expect(!files.fileExists(atPath: left.path()))
            #expect(files.fileExists(atPath: held.path))
            held.remove()
            #expect(!files.fileExists(atPath: held.path))
        }
    }

    @Test("links are not followed, and other names, other files and open folders are left alone")
    func strangers() throws {
        try withParent { parent in
            let other = try makeLeft("other", in: parent)
            let open = try makeLeft("scheduler-run-opened", in: parent, mode: 0o755)
            let shared = try makeLeft("scheduler-run-shared", in: parent)
            try Data().write(to: shared.appending(path: "kept"))
            let link = parent.appending(path: "scheduler-run-linked")
            try files.createSymbolicLink(at: link, withDestinationURL: other)
            HeldFolder.removeLeftOnes(in: parent.path())
            for folder in [other, open] {
                #expect(files.fileExists(atPath: folder.appending(path: "upstream-results.json").path()))
            }
            #expect(try files.contentsOfDirectory(atPath: shared.path()) == ["kept"])
            #expect(try files.destinationOfSymbolicLink(atPath: link.path()).hasSuffix("other"))
        }
    }
}
