import Glibc
import SchedulerErrors

/// Lowers what a keeper's own memory adds to the figures of its tasks.
///
/// A child that shares its parent's memory until exec is charged with the parent's peak by the kernel: `ru_maxrss` of a
/// task is never below it. Most of a keeper's memory are pages of libraries that it touched while it was linked; they are
/// given back, and the peak starts anew (proc(5), `clear_refs`). Where the kernel does not allow that, the figures of
/// small tasks stay too large.
enum MemoryFloor {
    static func lower() {
        for mapping in cleanFileMappings(of: SystemFile.text(of: "/proc/self/smaps") ?? "") {
            madvise(UnsafeMutableRawPointer(bitPattern: mapping.lowerBound), mapping.count, MADV_DONTNEED)
        }
        let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        // 5 resets the peak of the resident memory; a kernel without it refuses, and nothing is lost.
        _ = write(file, "5", 1)
    }

    /// The address ranges of files of which this process has changed nothing: giving their pages back loses nothing, for
    /// the next touch reads them again.
    static func cleanFileMappings(of smaps: String) -> [Range<UInt>] {
        var mappings: [Range<UInt>] = []
        var current: Range<UInt>?
        for line in smaps.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if let range = words.first.flatMap(range) {
                // "from-to permissions offset device inode path"
                let isFile = words.count >= 6 && words[5].hasPrefix("/")
                current = isFile && words[1].hasPrefix("r") && !words[1].contains("w") ? range : nil
            } else if words.first == "Anonymous:", let mapping = current {
                // Pages that were written, as relocated addresses are, exist nowhere else.
                if words.count > 1, words[1] == "0" { mappings.append(mapping) }
                current = nil
            }
        }
        return mappings
    }

    private static func range(_ word: Substring) -> Range<UInt>? {
        let ends = word.split(separator: "-")
        guard ends.count == 2, let from = UInt(ends[0], radix: 16), let to = UInt(ends[1], radix: 16), from < to else {
            return nil
        }
        return from..<to
    }
}
