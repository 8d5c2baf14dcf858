private import Glibc
private import SchedulerDomain

/// The compiled zone files of a folder such as `/usr/share/zoneinfo`.
struct ZoneFiles: Sendable {
    let folder: String

    /// The folder that the variable TZDIR names, or the usual one.
    static var ofSystem: ZoneFiles {
        let named = getenv("TZDIR").map { String(cString: $0) } ?? ""
        return ZoneFiles(folder: named.hasPrefix("/") ? named : "/usr/share/zoneinfo")
    }

    /// What changes whenever another release is unpacked over the folder.
    ///
    /// Where no file names the release, every file is looked at: nothing else need change in the folder itself.
    var stamp: [FileStamp?] {
        let own = ["", "/tzdata.zi", "/+VERSION"].map { FileStamp(of: folder + $0) }
        return own + (namedVersion == nil ? names().map { FileStamp(of: "\(folder)/\($0)") } : [])
    }

    /// The release, or `unknown-` and a hash of all zones: the same on every machine that has the same rules.
    ///
    /// `unknown` where there are no zones.
    var version: String { namedVersion ?? hash.map { "unknown-\($0)" } ?? "unknown" }

    /// The first line of `tzdata.zi` is `# version 2025b`, and some systems have it in `+VERSION`.
    private var namedVersion: String? {
        if let line = read("tzdata.zi", upTo: 100).map(firstLine), line.hasPrefix("# version ") {
            return String(line.dropFirst(10))
        }
        return read("+VERSION", upTo: 100).map(firstLine).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// FNV-1a over the names and bytes of all zones, in hexadecimal; nil where there is none.
    private var hash: String? {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var isEmpty = true
        for name in names() {
            guard let bytes = file(of: name) else { continue }
            isEmpty = false
            for byte in [Array(name.utf8), [0], bytes].joined() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        let digits = String(hash, radix: 16)
        return isEmpty ? nil : String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The file of a zone; nil where the name is none or nothing that can be a zone file has it.
    func file(of name: String) -> [UInt8]? {
        guard ZoneFiles.isPlain(name), let bytes = read(name, upTo: ZoneFiles.mostBytes),
            bytes.starts(with: "TZif".utf8)
        else { return nil }
        return bytes
    }

    /// The names of all files that may be zones, sorted; for messages, so what they hold is not looked at.
    func names() -> [String] {
        var names: [String] = []
        var folders = [""]
        while let folder = folders.popLast() {
            guard folder.utf8.count < 100, let stream = opendir("\(self.folder)/\(folder)") else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = folder + ZoneFiles.name(of: entry)
                guard ZoneFiles.isPlain(name) else { continue }
                var status = stat()
                guard stat("\(self.folder)/\(name)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    folders.append(name + "/")
                } else if !name.contains(".") {
                    names.append(name)
                }
            }
        }
        return names.sorted()
    }

    /// Whether the text can be a zone's name: parts of letters, digits, `+`, `-`, `_` and `.`, none hidden or `..`, and
    /// outside the folders and links that stand beside the zones.
    static func isPlain(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard name.utf8.count <= 100, let first = parts.first, !notZones.contains(String(first)) else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && !part.hasPrefix(".")
                && part.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
                        || [0x2B, 0x2D, 0x2E, 0x5F].contains(byte)
                }
        }
    }

    private static let notZones: Set<String> = ["posix", "right", "localtime", "posixrules", "Factory"]
    /// A hundred times the largest zone file.
    private static let mostBytes = 400_000

    private func firstLine(_ bytes: [UInt8]) -> String {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }

    private func read(_ name: String, upTo most: Int) -> [UInt8]? {
        let file = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: most)
        var count = 0
        while count < most {
            let space = most - count
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file, buffer.baseAddress.map { $0 + count }, space)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes[..<count])
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { field in
            field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
                String(cString: $0)
            }
        }
    }
}

/// Tells one state of a file or folder from another.
struct FileStamp: Sendable, Hashable {
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int64
    private let nanoseconds: Int64

    /// Nil where there is no such file.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = Int64(status.st_mtim.tv_sec)
        nanoseconds = Int64(status.st_mtim.tv_nsec)
    }
}
