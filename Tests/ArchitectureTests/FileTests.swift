import Testing

@Suite("Form of the files")
struct FileTests {
    /// Above this, a file is usually two ideas.
    private static let mostLines = 400

    @Test("no file has more than 400 lines, but what a script writes", arguments: ["Sources", "Tests"])
    func size(folder: String) throws {
        let long = try SourceTree.swiftFiles(under: folder).filter { file in
            file.lines.count > Self.mostLines && file.lines.first?.hasPrefix("// Written by scripts/") != true
        }
        #expect(long.map { "\($0.path): \($0.lines.count) lines" } == [])
    }

    @Test("no library prints: what is to be said is logged", arguments: ArrowTests.allowed.keys.sorted())
    func printing(library: String) throws {
        let wrong = try SourceTree.swiftFiles(under: "Sources/\(library)").flatMap { file in
            file.lines.enumerated().filter { Self.prints($0.element) }.map { file.place($0.offset) }
        }
        #expect(wrong == [])
    }

    @Test("a call that prints is told from words that only look like one")
    func recognition() {
        for line in ["print(x)", "  debugPrint(x)", "a; print (x)", "dump(x)", "Swift.print(x)"] {
            #expect(Self.prints(line))
        }
        for line in ["// print(x)", "blueprint(x)", "/// `print(x)`", "func printable()", "x.dump(y)", "footprint()"] {
            #expect(!Self.prints(line))
        }
    }

    private static func prints(_ line: String) -> Bool {
        let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
        return code.contains(/(^|[^\w.]|Swift\.)(print|debugPrint|dump) ?\(/)
    }
}
