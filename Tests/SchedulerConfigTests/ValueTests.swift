import SchedulerErrors
import Testing

@testable import SchedulerConfig

@Suite("Values of the configuration")
struct ValueTests {
    @Test(
        "a URL keeps its text for the driver and masks every password for people",
        arguments: [
            ("postgres://u:p@h:5432/d", "postgres://u:***@h:5432/d", true),
            (
                "postgresql://u@h1:5432,h2:5433/d?sslmode=require", "postgresql://u@h1:5432,h2:5433/d?sslmode=require",
                false
            ),
            (
                "postgres:///d?host=/tmp&password=p&sslPassword=q",
                "postgres:///d?host=/tmp&password=***&sslPassword=***", true
            ),
            ("postgres://u:p%40x@[::1]:5432/d", "postgres://u:***@[::1]:5432/d", true),
            ("postgres://u:@h", "postgres://u:***@h", false),
        ])
    func masking(text: String, masked: String, hasPassword: Bool) throws {
        let url = try ConnectionURL(parsing: text, schemes: ConnectionURL.postgres)
        #expect(url.secretText == text)
        #expect("\(url)" == masked)
        #expect(String(reflecting: url) == masked)
        #expect(url.hasPassword == hasPassword)
    }

    @Test(
        "a URL that can be read in two ways, or that no driver reads, is refused",
        arguments: [
            "postgres://u:p/w@h/d", "postgres://u:p@w@h/d", "postgres://u:12/w@h/d", "postgres://h:0/d",
            "postgres://h:70000/d", "postgres://h:x/d", "postgres://h/a b", "postgres://h/\u{0}", "http://h",
            "postgres:h",
            "", "postgres",
        ])
    func refusedURLs(text: String) {
        #expect(throws: Misfit.self) { try ConnectionURL(parsing: text, schemes: ConnectionURL.postgres) }
    }

    @Test("a database is PostgreSQL or a SQLite file by its absolute path")
    func databases() throws {
        let url = try ConnectionURL(parsing: "postgres://h/d", schemes: ConnectionURL.postgres)
        #expect(try DatabaseLocation(parsing: "postgres://h/d") == .postgres(url))
        #expect(try DatabaseLocation(parsing: "sqlite:///var/lib/a%20b.db") == .sqlite(path: "/var/lib/a b.db"))
        #expect("\(DatabaseLocation.sqlite(path: "/x"))" == "sqlite:///x")
    }

    @Test(
        "any other database is refused, and the message shows what is possible",
        arguments: [
            "mysql://h", "sqlite:x.db", "sqlite://x.db", "sqlite:///", "sqlite::memory:", "sqlite:///x?mode=ro", "x",
        ])
    func refusedDatabases(text: String) {
        let error = #expect(throws: SchedulerError.self) { try DatabaseLocation(parsing: text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("sqlite:///") == true)
    }

    @Test("levels are read per label")
    func levels() {
        #expect(LogLevels(parsing: "info") == LogLevels(standard: .info))
        #expect(LogLevels(parsing: " A=trace , Warning") == LogLevels(standard: .warning, labels: ["A": .trace]))
        #expect(LogLevels(parsing: "A=debug") == LogLevels(standard: .info, labels: ["A": .debug]))
        for text in ["", "loud", "A=", "=info", "A=B=info", "info,", "A=loud"] {
            #expect(LogLevels(parsing: text) == nil)
        }
    }

    @Test("a separate role needs PostgreSQL and RabbitMQ, and is told which variable to set")
    func roles() throws {
        var config = AppConfig()
        #expect(
            message { _ = try config.requirePostgres(role: "api") }?.contains("DATABASE_URL: role `api` needs") == true)
        #expect(
            message { _ = try config.requireRabbitMQ(role: "worker") }?.contains("RABBITMQ_URL: role `worker`") == true)
        config.database.url = .sqlite(path: "/x")
        #expect(
            message { _ = try config.requirePostgres(role: "api") }
                == "DATABASE_URL: role `api` needs PostgreSQL (postgres://…); sqlite: works with `scheduler standalone` only"
        )
    }

    @Test("the name that is nearest is found, and none where all are far")
    func nearestNames() {
        #expect(
            NearestName.of("worker.leas_seconds", among: ["worker.lease_seconds", "api.port"]) == "worker.lease_seconds"
        )
        #expect(NearestName.of("xyz", among: ["worker.lease_seconds", "api.port"]) == nil)
        #expect(NearestName.distance(Array("kitten"), Array("sitting")) == 3)
        #expect(NearestName.distance([], Array("abc")) == 3)
    }

    @Test("every default is itself a legal value that reads back as the same")
    func defaultsAreLegal() throws {
        let shown = try ConfigurationLoader.load(environment: [:]).settings.filter { !$0.value.isEmpty }
        let again = try ConfigurationLoader.load(
            environment: [:], overrides: Dictionary(uniqueKeysWithValues: shown.map { ($0.key, $0.value) })
        )
        #expect(again.settings.filter { !$0.value.isEmpty }.map(\.value) == shown.map(\.value))
    }

    private func message(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? SchedulerError)?.message }
        return nil
    }
}
