import Foundation
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("The examples of docs/scheduling.md")
struct SchedulingExamplesTests {
    /// A command line of the text, and the lines that it says follow.
    struct Example: Sendable, CustomStringConvertible {
        var command: String
        var output: [String]

        var description: String { command }
    }

    private static let text: String = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/scheduling.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    static let examples: [Example] = {
        var examples: [Example] = []
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("$ scheduler cron ") {
                examples.append(Example(command: String(line.dropFirst(2)), output: []))
                isInside = true
            } else if line.hasPrefix("```") {
                isInside = false
            } else if isInside {
                examples[examples.count - 1].output.append(String(line))
            }
        }
        return examples
    }()

    /// The rows of tables that have one expression and its words: `| … | `0 2 * * *` | at 02:00 every day |`.
    static let rows: [Example] = text.split(separator: "\n").compactMap { line in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard line.hasPrefix("| "), let words = cells.last, let cell = cells.dropLast().last,
            cell.hasPrefix("`"), cell.hasSuffix("`"), cell.count(where: { $0 == "`" }) == 2,
            let expression = try? CronExpression(parsing: String(cell.dropFirst().dropLast()))
        else { return nil }
        return Example(command: expression.description, output: [words])
    }

    @Test("print what it says", arguments: examples)
    func commands(example: Example) async throws {
        let folder = URL(fileURLWithPath: try SchedulerBinary.path()).deletingLastPathComponent().path
        let ended = try await cronOutput(of: example.command, path: folder + ":/usr/bin:/bin")
        #expect(ended == example.output)
    }

    @Test("read in words as it says", arguments: rows)
    func words(row: Example) throws {
        let words = try CronExpression(parsing: row.command).words(in: "UTC")
        #expect([words, words.replacing(", UTC", with: "")].contains(row.output[0]))
    }

    @Test("are found in the text")
    func areFound() {
        #expect(SchedulingExamplesTests.examples.count >= 8)
        #expect(SchedulingExamplesTests.rows.count >= 15)
    }

    private func cronOutput(of command: String, path: String) async throws -> [String] {
        try await withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("out")
            try Data().write(to: output)
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", command]
            process.environment = ["PATH": path]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try FileHandle(forWritingTo: output)
            try await process.runToEnd()
            return try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }
}
