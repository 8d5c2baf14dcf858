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
    private let reader: TaskUser?

    /// The one file that it is for.
    var file: String { "\(path)/\(HeldFolder.fileName)" }

    /// Makes a folder in `TMPDIR`.
    ///
    /// - Parameter user: who shall read what is in it; nil: this process's user. Another user can pass through the folder,
    ///   but neither list nor change it.
    static func make(in parent: String = HeldFolder.parent, for user: TaskUser? = nil) throws -> HeldFolder {
        // Between making and locking it a worker that starts may take it for a left one, and removes it.
        for _ in 0..<100 {
            var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
            guard let made = mkdtemp(&template) else {
                throw UpstreamFile.failure("a folder in \(parent) cannot be made")
            }
            let path = String(cString: made)
            guard let descriptor = lock(path, in: AT_FDCWD) else {
                rmdir(path)
                continue
            }
            let folder = HeldFolder(path: path, descriptor: descriptor, reader: user)
            if user != nil, fchmod(descriptor, 0o711) != 0 {
                folder.remove()
                throw UpstreamFile.failure("\(path) cannot be opened for its reader")
            }
            return folder
        }
        throw SchedulerError(.execution, "a folder in \(parent) for the results of upstream runs cannot be kept")
    }

    /// Removes it with its file; a folder in which the task left files of its own stays with them.
    func remove() {
        unlinkat(descriptor, HeldFolder.fileName, 0)
        rmdir(path)
        close(descriptor)
    }

    /// Writes the file, for its reader alone.
    func write(_ bytes: [UInt8]) throws {
        let path = file
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw UpstreamFile.failure("\(path) cannot be made") }
        defer { close(file) }
        if let reader, fchown(file, reader.uid, reader.gid) != 0 {
            throw UpstreamFile.failure("\(path) cannot be given to \(reader.name)")
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if written < 0 {
                guard errno == EINTR else { throw UpstreamFile.failure("\(path) cannot be written") }
            } else {
                rest = rest.dropFirst(written)
            }
        }
    }

    /// Removes what workers of this user left that are gone.
    ///
    /// Others may write into the same parent. So nothing is followed that is a link, nothing is touched that another
    /// user owns or could write, and of a folder only the one file is removed, and the folder where it is empty then.
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
            status.st_uid == geteuid(), status.st_mode & 0o066 == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    static var parent: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }
}
