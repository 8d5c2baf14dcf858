private import Foundation
private import SchedulerErrors

/// Runs `scripts/services` of the repository that this file belongs to.
enum ServiceScript {
    /// Runs the script to its end and returns what it printed.
    ///
    /// The calling task is suspended meanwhile, no thread of Swift's pool waits. The script bounds its own time. The
    /// output goes to a file, since a pipe would have to be read while the script runs.
    ///
    /// - Throws: `execution` with the end of what it printed where it fails, `notFound` where there is no script.
    static func run(_ arguments: [String]) async throws -> String {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("services-\(UUID().uuidString).out")
        defer { try? FileManager.default.removeItem(at: output) }
        let script = try location()
        let status = try await exitStatus(of: script, arguments, output: output)
        let text = try String(decoding: Data(contentsOf: output), as: UTF8.self)
        guard status == 0 else {
            throw SchedulerError(
                .execution,
                "services \(arguments.joined(separator: " ")) ended with status \(status): \(text.suffix(2_000))"
            )
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func exitStatus(of script: URL, _ arguments: [String], output: URL) async throws -> Int32 {
        try Data().write(to: output)
        let file = try FileHandle(forWritingTo: output)
        defer { try? file.close() }
        return try await withCheckedThrowingContinuation { continuation in
            let process = Process()
            process.executableURL = script
            process.arguments = arguments
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = file
            process.standardError = file
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            // Where it throws, no process was started and the handler is never called.
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }

    /// Finds the script in a folder above this source file.
    private static func location() throws -> URL {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("scripts/services")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            folder.deleteLastPathComponent()
        }
        throw SchedulerError(.notFound, "there is no scripts/services in a folder above \(#filePath)")
    }
}
