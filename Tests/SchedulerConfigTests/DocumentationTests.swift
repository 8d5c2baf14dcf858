import Foundation
import SchedulerConfig
import Testing

/// With `SCHEDULER_TEST_WRITE_DOCS` set, the texts are written instead of compared.
@Suite("Documentation of the configuration")
struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let isWriting = ProcessInfo.processInfo.environment["SCHEDULER_TEST_WRITE_DOCS"] != nil

    @Test("the table in docs/configuration.md is the table in the code")
    func table() throws {
        let file = Self.root.appendingPathComponent("docs/configuration.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let start = try #require(text.range(of: "<!-- settings -->\n"))
        let end = try #require(text.range(of: "<!-- end of settings -->"))
        let rows = Settings.all.map { setting in
            let variables = setting.variables.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(setting.key)` | \(variables) | \(Self.quoted(setting.defaultText)) | \(setting.meaning) |\n"
        }
        let expected = "| key | variable | default | meaning |\n| --- | --- | --- | --- |\n" + rows.joined()
        if Self.isWriting {
            let new = text[..<start.upperBound] + expected + text[end.lowerBound...]
            try Data(new.utf8).write(to: file)
        } else {
            #expect(String(text[start.upperBound..<end.lowerBound]) == expected)
        }
    }

    @Test(".env.example lists every variable with its default")
    func environmentExample() throws {
        let file = Self.root.appendingPathComponent(".env.example")
        let entries = Settings.all.map { setting in
            let names = setting.variables.reversed().map { "# \($0)=\(Self.plain(setting.defaultText))" }
            return "# \(setting.meaning)\n\(names.joined(separator: "\n"))\n"
        }
        let header = """
            # Every variable that the scheduler reads, with its default. Copy to .env and take away the "# " where you change
            # a value; where a setting has two names, one suffices. docs/configuration.md says more.


            """
        let expected = header + entries.joined(separator: "\n")
        if Self.isWriting {
            try Data(expected.utf8).write(to: file)
        } else {
            #expect(try String(contentsOf: file, encoding: .utf8) == expected)
        }
    }

    @Test("each key has a section, a meaning and names of its own")
    func names() {
        let keys = Settings.all.map(\.key)
        #expect(Set(keys).count == keys.count)
        let variables = Settings.all.flatMap(\.variables)
        #expect(Set(variables).count == variables.count)
        #expect(Settings.all.allSatisfy { $0.meaning.hasSuffix(".") })
    }

    private static func quoted(_ text: String) -> String {
        if text.isEmpty { return "none" }
        return text.contains(" ") || text.contains("`") || text == "none" ? text : "`\(text)`"
    }

    /// Defaults in words are no values.
    private static func plain(_ text: String) -> String {
        text.contains(" ") || text.contains("`") || text == "none" ? "" : text
    }
}
