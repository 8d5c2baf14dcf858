import Foundation
import SchedulerTestingUtils
import Testing

@Suite("Private servers", .enabled(if: TestContainers.canStartServers, "no servers here; `make test` has them"))
struct TestContainersTests {
    @Test("PostgreSQL keeps what was committed over a crash and a restart")
    func postgres() async throws {
        try await TestContainers.withServer(.postgres) { server in
            _ = try await server.control("-Atc", "CREATE TABLE kept AS SELECT 7 AS number")
            try await server.kill()
            try await server.start()
            try await server.restart()
            #expect(try await server.control("-Atc", "SELECT number FROM kept") == "7")
        }
    }

    @Test("RabbitMQ serves again after a crash and a restart, on the same address")
    func rabbitMQ() async throws {
        try await TestContainers.withServer(.rabbitmq) { server in
            _ = try await server.control("add_vhost", "kept")
            try await server.kill()
            try await server.start()
            try await server.restart()
            #expect(try await server.control("-q", "list_vhosts").split(separator: "\n").contains("kept"))
            let port = try String(contentsOfFile: "\(server.folder)/port", encoding: .utf8)
            #expect(server.url.hasSuffix(":" + port.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
    }

    @Test("a server is stopped and its folder removed when the test fails")
    func cleanUp() async throws {
        struct Failure: Error {}
        var folder = ""
        var process = ""
        await #expect(throws: Failure.self) {
            try await TestContainers.withServer(.postgres) { server in
                folder = server.folder
                process = try String(contentsOfFile: "\(folder)/pid", encoding: .utf8)
                throw Failure()
            }
        }
        #expect(!folder.isEmpty && !FileManager.default.fileExists(atPath: folder))
        let arguments = "/proc/\(process.trimmingCharacters(in: .whitespacesAndNewlines))/cmdline"
        // A process that has ended but that nobody has waited for shows no arguments.
        #expect((try? String(contentsOfFile: arguments, encoding: .utf8))?.contains(folder) != true)
    }
}
