/// One `import` in a file.
struct Import {
    let module: String
    let line: Int
}

extension SourceTree.File {
    /// What the file imports, whatever access level, attribute or kind (`import struct X.Y`) stands with it.
    var imports: [Import] {
        lines.enumerated().compactMap { number, line in
            let words = line.prefix { $0 != "/" && $0 != ";" }.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), words[..<keyword].allSatisfy(Self.isModifier) else {
                return nil
            }
            let names = words[(keyword + 1)...].drop { Self.kinds.contains($0) }
            guard let module = names.first?.split(separator: ".").first else { return nil }
            return Import(module: String(module), line: number)
        }
    }

    private static let kinds: [Substring] = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]

    private static func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }
}
