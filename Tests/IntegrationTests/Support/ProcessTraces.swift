import Foundation

/// What a scheduler's process holds of the machine, as `/proc` shows it.
struct ProcessTraces: Equatable, CustomStringConvertible {
    /// Its descendants' command lines, the keeper's excepted.
    var processes: [String]
    /// Pipes, event descriptors and files in memory, of the process and its keeper.
    var descriptors: [String]
    /// Names in its folder for temporary files.
    var files: [String]

    init(of pid: Int32, temporary folder: URL) throws {
        let parents = ProcessTraces.parents()
        var members = [pid]
        var found: [String] = []
        var keepers = [pid]
        while let member = members.popLast() {
            for (child, parent) in parents where parent == member {
                members.append(child)
                let line = ProcessTraces.commandLine(of: child)
                if line.hasPrefix("scheduler keeper") { keepers.append(child) } else { found.append(line) }
            }
        }
        processes = found.sorted()
        descriptors = keepers.flatMap(ProcessTraces.transientDescriptors).sorted()
        files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    var description: String { "processes \(processes), descriptors \(descriptors), files \(files)" }

    private static func parents() -> [Int32: Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.reduce(into: [:]) { parents, name in
            guard let pid = Int32(name),
                let status = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                let end = status.lastIndex(of: ")")
            else { return }
            let words = status[status.index(after: end)...].split(separator: " ")
            if words.count > 1, let parent = Int32(words[1]) { parents[pid] = parent }
        }
    }

    private static func commandLine(of pid: Int32) -> String {
        let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
    }

    /// What an attempt opens; sockets and the database come and go by themselves.
    private static func transientDescriptors(of pid: Int32) -> [String] {
        let folder = "/proc/\(pid)/fd"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
            let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")) ?? ""
            for kind in ["pipe:", "/memfd:", "anon_inode:[pidfd]", "anon_inode:[eventfd]", "anon_inode:[eventpoll]"]
            where target.hasPrefix(kind) { return kind }
            return nil
        }
    }
}
