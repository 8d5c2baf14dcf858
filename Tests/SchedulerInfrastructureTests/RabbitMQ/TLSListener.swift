import Foundation
import SchedulerErrors
import SchedulerTestingUtils

/// Gives a private broker a TLS listener with a self-signed certificate for `localhost`.
enum TLSListener {
    /// - Returns: its port. The certificate is `certificate.pem` in the server's folder.
    static func add(to server: PrivateServer) async throws -> Int {
        let folder = server.folder
        try await run(
            "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", folder + "/key.pem", "-out",
            folder + "/certificate.pem")
        // The folder is the server's alone; within it the server's user must be able to read them.
        for file in ["key.pem", "certificate.pem"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder)/\(file)")
        }
        let amqpPort = try String(contentsOfFile: folder + "/port", encoding: .utf8)
        guard let plain = Int(amqpPort.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw SchedulerError(.execution, "the server's folder names no port")
        }
        // Beyond the range that the test servers choose their ports from.
        let port = plain % 500 + 32_100
        try """
        [{rabbit, [{ssl_listeners, [{"127.0.0.1", \(port)}]},
          {ssl_options, [{cacertfile, "\(folder)/certificate.pem"}, {certfile, "\(folder)/certificate.pem"},
            {keyfile, "\(folder)/key.pem"}]}]}].
        """.write(toFile: folder + "/advanced.config", atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder + "/advanced.config")
        try await server.restart()
        return port
    }

    private static func run(_ program: String, _ arguments: String...) async throws {
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw SchedulerError(.execution, "\(program) ended with status \(status)") }
    }
}
