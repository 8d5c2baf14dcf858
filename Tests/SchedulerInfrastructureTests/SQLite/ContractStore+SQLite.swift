import Foundation
import SchedulerDomain
import SchedulerInfrastructure
import SchedulerTestingUtils

extension ContractStore {
    /// SQLite on a file of its own.
    static let sqlite = ContractStore("SQLite") { clock, use in
        try await withTemporaryFolder { folder in
            let store = try SQLiteStore(
                path: folder.appending(path: "scheduler.db").path, clock: { clock.now }, wakeUps: InMemoryWakeUps())
            try await use(store)
            try store.close()
        }
    }
}

/// Makes a folder and removes it afterwards, also when the body throws.
func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "scheduler-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}
