private import Foundation
private import SchedulerErrors

/// The `scheduler` executable that was built together with a test bundle.
public enum SchedulerBinary {
    /// Returns its path: it lies beside the bundle.
    ///
    /// - Throws: `notFound` where it was not built.
    public static func path() throws -> String {
        let bundle = CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle).resolvingSymlinksInPath().deletingLastPathComponent()
        for _ in 0..<4 {
            let candidate = folder.appendingPathComponent("scheduler")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate.path }
            folder.deleteLastPathComponent()
        }
        throw SchedulerError(.notFound, "the scheduler binary was not found beside \(bundle)")
    }
}
