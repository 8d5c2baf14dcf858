import Foundation
import Glibc
import SchedulerConfig
import SchedulerErrors

/// The folder of a standalone scheduler, held exclusively for as long as the process lives.
///
/// The lock is the system's (`flock(2)`): it ends with the process, however that ends.
struct DataFolder: Sendable {
    let path: String
    /// Holds the lock, also in a process that inherits it.
    let descriptor: Int32

    /// How long a start waits for the tasks of a scheduler that was killed: its keeper holds the lock until they are gone.
    private static let patience = Duration.seconds(5)

    /// Makes the folder if it is missing and locks it.
    ///
    /// - Throws: `configuration` where it cannot be made or another process uses it.
    static func lock(_ folder: String) async throws -> DataFolder {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw refused(path, "cannot be made; choose a folder that you may write to with --data")
        }
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw refused(path, "cannot be written to; choose another with --data") }
        let end = ContinuousClock.now + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard ContinuousClock.now < end else {
                close(descriptor)
                throw refused(path, "is used by another scheduler; stop that one, or choose another folder with --data")
            }
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                close(descriptor)
                throw error
            }
        }
        return DataFolder(path: path, descriptor: descriptor)
    }

    /// The file of the database: the one that DATABASE_URL names, else one in the folder.
    ///
    /// - Throws: `configuration` where DATABASE_URL names a PostgreSQL server.
    func databasePath(_ location: DatabaseLocation?) throws -> String {
        switch location {
        case .sqlite(let file): return file
        case nil: return path + "/scheduler.db"
        case .postgres:
            throw SchedulerError(
                .configuration,
                "DATABASE_URL: `scheduler standalone` keeps its books in SQLite; unset it, or start `api`, `dispatcher` "
                    + "and `worker` for PostgreSQL")
        }
    }

    func unlock() { close(descriptor) }

    private static func refused(_ path: String, _ reason: String) -> SchedulerError {
        SchedulerError(.configuration, "the data folder \(path) \(reason)")
    }
}
