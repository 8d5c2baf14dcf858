import Foundation
import SchedulerTestingUtils
import Synchronization
import Testing

/// The real binary as a child process, with its output in a file.
final class SchedulerProcess: Sendable {
    private let process: Mutex<Process>
    let log: URL
    let name: String

    /// - Parameter environment: added to a small clean environment; nothing else is inherited.
    init(_ arguments: [String], environment: [String: String] = [:], logIn folder: URL, name: String? = nil) throws {
        self.name = name ?? arguments[0]
        log = folder.appendingPathComponent("\(self.name).log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try SchedulerBinary.path())
        process.arguments = arguments
        var clean = ["PATH": "/usr/bin:/bin", "HOME": folder.path, "SCHEDULER_ADMIN_PORT": "0"]
        for name in ["LD_LIBRARY_PATH"] { clean[name] = ProcessInfo.processInfo.environment[name] }
        process.environment = clean.merging(environment) { _, given in given }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        self.process = Mutex(process)
    }

    var processID: Int32 { process.withLock { $0.processIdentifier } }
    var isRunning: Bool { process.withLock { $0.isRunning } }

    func terminate() { kill(processID, SIGTERM) }
    func killNow() { kill(processID, SIGKILL) }
    func suspend() { kill(processID, SIGSTOP) }
    func resume() { kill(processID, SIGCONT) }

    /// Waits for the end and returns the exit code; a signal counts as its negative number.
    func exitCode(within limit: Duration = .seconds(40)) async throws -> Int32 {
        try await eventually("\(name) exits", within: limit) { !self.isRunning }
        return process.withLock {
            $0.terminationReason == .uncaughtSignal ? -$0.terminationStatus : $0.terminationStatus
        }
    }

    /// Ends it however it stands, for the end of a test.
    func stop() async {
        guard isRunning else { return }
        terminate()
        if (try? await exitCode(within: .seconds(10))) == nil { killNow() }
    }

    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
}

extension Process {
    /// Starts it, waits for its end, and returns its exit code.
    @discardableResult
    func runToEnd() async throws -> Int32 {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try run()
            } catch {
                terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}

/// A sentence about what did not hold.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Waits until a condition of a real system holds: there is no virtual time between processes.
func eventually(
    _ what: String, within limit: Duration = .seconds(30), every step: Duration = .milliseconds(50),
    _ condition: @escaping @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: step)
    }
    throw TestFailure("it did not come true within \(limit) that \(what)")
}

/// A folder that is removed at the end.
func withTemporaryFolder<Result: Sendable>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "scheduler-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
        let result = try await body(folder)
        try FileManager.default.removeItem(at: folder)
        return result
    } catch {
        // Kept for whoever looks into the failure.
        Issue.record("the files of the failed test are in \(folder.path)")
        throw error
    }
}

/// A port that was free a moment ago.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard isBound else { throw TestFailure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
