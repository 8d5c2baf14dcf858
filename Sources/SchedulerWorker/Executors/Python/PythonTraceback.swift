/// What Python writes about an exception that nobody caught.
struct PythonTraceback: Sendable, Hashable {
    private static let heading = "Traceback (most recent call last):"
    private static let links = [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ]

    /// The exception's class and message.
    var summary: String
    /// All of it, with the exceptions that led to the last one.
    var text: String

    /// - Returns: nil where the text holds none.
    init?(in text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard var start = lines.lastIndex(where: { $0.hasSuffix(Self.heading) }) else {
            guard let syntaxError = PythonTraceback(syntaxErrorIn: lines) else { return nil }
            self = syntaxError
            return
        }
        // Lines of frames are indented; the first that is not names the exception.
        let last = lines[(start + 1)...]
        guard let summary = last.first(where: { $0.first?.isWhitespace == false }) ?? last.last(where: { !$0.isEmpty })
        else { return nil }
        while let link = lines[..<start].last(where: { !$0.isEmpty }), Self.links.contains(String(link)),
            let earlier = lines[..<start].lastIndex(where: { $0.hasSuffix(Self.heading) })
        {
            start = earlier
        }
        self.init(summary: summary, lines: lines[start...])
    }

    /// A file that cannot be parsed is reported without a heading.
    private init?(syntaxErrorIn lines: [Substring]) {
        guard let start = lines.lastIndex(where: { $0.hasPrefix("  File \"") }),
            let summary = lines[start...].last(where: {
                $0.hasPrefix("SyntaxError") || $0.hasPrefix("IndentationError")
            })
        else { return nil }
        self.init(summary: summary, lines: lines[start...])
    }

    private init(summary: Substring, lines: ArraySlice<Substring>) {
        self.summary = String(summary.drop(while: \.isWhitespace))
        var lines = lines
        while lines.last?.isEmpty == true { lines.removeLast() }
        text = lines.joined(separator: "\n")
    }
}
