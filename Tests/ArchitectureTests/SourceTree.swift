import Foundation

/// The files of the repository that this test belongs to.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct File: Sendable {
        /// Relative to the repository.
        let path: String
        let lines: [String]

        /// The first folder below `Sources` or `Tests`.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// A place in the form that editors understand; lines are counted from zero here and from one there.
        func place(_ line: Int) -> String { "\(path):\(line + 1)" }
    }

    /// Swift files in a folder, sorted by path.
    static func swiftFiles(under folder: String) throws -> [File] {
        let base = root.appendingPathComponent(folder)
        guard let paths = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return try paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            let text = try String(contentsOf: base.appendingPathComponent(path), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            // A text that ends with a line break has no line behind it.
            return File(path: "\(folder)/\(path)", lines: lines.last == "" ? lines.dropLast() : lines)
        }
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
