import Foundation
import Testing

@Suite("Wrong configuration")
struct WrongConfigurationTests {
    /// Starts a role that must refuse, and returns its complaint.
    private func complaint(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> String {
        try await withTemporaryFolder { folder in
            let process = try SchedulerProcess(arguments, environment: environment, logIn: folder)
            #expect(try await process.exitCode(within: .seconds(20)) != 0)
            let lines = process.output.split(separator: "\n").filter { $0.hasPrefix("scheduler: ") }
            #expect(lines.count == 1, "one clear line: \(process.output)")
            return lines.first.map(String.init) ?? ""
        }
    }

    @Test("a bad database URL names DATABASE_URL")
    func badDatabaseURL() async throws {
        let line = try await complaint(["api"], ["DATABASE_URL": "mysql://x/y", "RABBITMQ_URL": "amqp://localhost"])
        #expect(line.contains("DATABASE_URL"), "\(line)")
    }

    @Test("a sqlite URL for a separate role is refused", arguments: ["api", "dispatcher", "worker"])
    func sqliteForRole(role: String) async throws {
        let line = try await complaint(
            [role], ["DATABASE_URL": "sqlite:///tmp/x.db", "RABBITMQ_URL": "amqp://localhost"])
        #expect(line.contains("DATABASE_URL") && line.contains("standalone"), "\(line)")
    }

    @Test("an unreachable database is said, with its key and never its password")
    func unreachableDatabase() async throws {
        let port = try freePort()
        let line = try await complaint(
            ["api"],
            ["DATABASE_URL": "postgres://me:s3cret@127.0.0.1:\(port)/db", "RABBITMQ_URL": "amqp://127.0.0.1"])
        #expect(line.contains("DATABASE_URL") && !line.contains("s3cret"), "\(line)")
    }

    @Test("a bad broker URL names RABBITMQ_URL")
    func badBrokerURL() async throws {
        let line = try await complaint(
            ["dispatcher"], ["DATABASE_URL": "postgres://127.0.0.1/db", "RABBITMQ_URL": "http://broker"])
        #expect(line.contains("RABBITMQ_URL"), "\(line)")
    }

    @Test("a wrong fail point names its variable and what there is")
    func wrongFailPoint() async throws {
        let line = try await complaint(
            ["api"], ["DATABASE_URL": "postgres://127.0.0.1/db", "SCHEDULER_FAILPOINT": "claim.soon:crash"])
        #expect(line.contains("SCHEDULER_FAILPOINT") && line.contains("claim.after-commit"), "\(line)")
    }

    @Test("a port that is no number, and one in use, name the key")
    func ports() async throws {
        let bad = try await complaint(["standalone"], ["SCHEDULER_API_PORT": "http"])
        #expect(bad.contains("SCHEDULER_API_PORT"), "\(bad)")
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let first = try SchedulerProcess(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("a").path], logIn: folder)
            try await APIClient(port: port).waitUntilReady()
            let second = try await complaint(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("b").path])
            #expect(second.contains("SCHEDULER_API_PORT") && second.contains("\(port)"), "\(second)")
            await first.stop()
        }
    }

    @Test(
        "each role explains itself",
        arguments: ["api", "dispatcher", "worker", "standalone", "migrate", "cron", "bench"])
    func help(command: String) async throws {
        try await withTemporaryFolder { folder in
            let process = try SchedulerProcess([command, "--help"], logIn: folder)
            #expect(try await process.exitCode() == 0)
            #expect(process.output.contains("OVERVIEW") && process.output.contains("USAGE"))
        }
    }
}
