import Glibc
import SchedulerErrors

/// A folder for one attempt that is locked as long as its process lives, so that others see whether it is still used.
///
/// The lock lies on the open folder and is not inherited by tasks: the kernel takes it back however the worker ends.
struct HeldFolder {
    private static let prefix = "scheduler-run-"
    private static let fileName = "upstream-results.json"

    let path: String
    private let descriptor: CInt

    /// The one file that it is for.
    var file: String { "\(path)/\(HeldFolder.fileName)" }

    /// Makes a folder that only this user can enter, in `TMPDIR`.
    static func make(in parent: String = HeldFolder.parent) throws -> HeldFolder {
        // Between making and locking it a worker that starts may take it for a left one, and removes it.
        for _ in 0..<100 {
            var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
            guard let made = mkdtemp(&template) else {
                throw UpstreamFile.failure("a folder in \(parent) cannot be made")
            }
            let path = String(cString: made)
            if let descriptor = lock(path, in: AT_FDCWD) { return HeldFolder(path: path, descriptor: descriptor) }
        }
        throw SchedulerError(.execution, "a folder in \(parent) for the results of upstream runs cannot be kept")
    }

    /// Removes it with its file; a folder in which the task left files of its own stays with them.
    func remove() {
        unlinkat(descriptor, HeldFolder.fileName, 0)
        rmdir(path)
        close(descriptor)
    }

    /// Removes what workers of this user left that are gone.
    ///
    /// Others may write into the same parent. So nothing is followed that is a link, nothing is touched that another
    /// user owns or could enter, and of a folder only the one file is removed, and the folder where it is empty then.
    static func removeLeftOnes(in parent: String = HeldFolder.parent) {
        guard let listing = opendir(parent) else { return }
        defer { closedir(listing) }
        var left: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(prefix) { left.append(name) }
        }
        for name in left {
            guard let descriptor = lock(name, in: dirfd(listing)) else { continue }
            unlinkat(descriptor, fileName, 0)
            unlinkat(dirfd(listing), name, AT_REMOVEDIR)
            close(descriptor)
        }
    }

    /// Opens and locks a folder of this user; nil where it is none, is held by another process, or is gone.
    private static func lock(_ path: String, in folder: CInt) -> CInt? {
        let descriptor = openat(folder, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0,
            status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    static var parent: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }
}
