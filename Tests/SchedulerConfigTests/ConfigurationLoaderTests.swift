import Foundation
import SchedulerConfig
import SchedulerErrors
import Testing

@Suite("Loading the configuration")
struct ConfigurationLoaderTests {
    @Test("without any source, everything is the default")
    func defaults() throws {
        let config = try ConfigurationLoader.load(environment: [:])
        #expect(config.environment == .development)
        #expect(config.database.url == nil)
        #expect(config.queue.url == nil)
        #expect(config.api.host == "127.0.0.1")
        #expect(config.api.port == 8080)
        #expect(config.worker.taskTypes == ["shell", "command", "http", "python", "function", "custom"])
        #expect(config.worker.maxConcurrentTasks >= 4)
        #expect(config.dispatcher.pickBatch == 500)
        #expect(config.warnings.isEmpty)
        #expect(config.settings.allSatisfy { $0.source == "default" })
    }

    @Test("a variable outweighs the file, and a flag outweighs both")
    func precedence() throws {
        try withFile("[api]\nport = 1001\nhost = \"a\"\nmax_body_bytes = 4096") { file in
            let environment = ["SCHEDULER_API_PORT": "1002", "SCHEDULER_API_HOST": "b"]
            let config = try ConfigurationLoader.load(
                file: file, environment: environment, overrides: ["api.port": "1003"]
            )
            #expect(config.api.port == 1003)
            #expect(config.api.host == "b")
            #expect(config.api.maxBodyBytes == 4096)
            let sources = Dictionary(uniqueKeysWithValues: config.settings.map { ($0.key, $0.source) })
            #expect(sources["api.port"] == "a flag")
            #expect(sources["api.host"] == "SCHEDULER_API_HOST")
            #expect(sources["api.max_body_bytes"] == file)
        }
    }

    @Test("the plain variables work by themselves")
    func aliases() throws {
        let config = try ConfigurationLoader.load(environment: [
            "DATABASE_URL": "postgres://u:p@db/s", "DATABASE_OWNER_URL": "postgres://o:p@db/s",
            "RABBITMQ_URL": "amqp://u:p@mq", "LOG_LEVEL": "warning,SchedulerWorker=debug",
            "SCHEDULER_MAX_CONCURRENT_JOBS": "7",
        ])
        #expect(try config.requirePostgres(role: "api").secretText == "postgres://u:p@db/s")
        #expect(config.database.ownerURL?.secretText == "postgres://o:p@db/s")
        #expect(config.queue.url?.secretText == "amqp://u:p@mq")
        #expect(config.log.levels == LogLevels(standard: .warning, labels: ["SchedulerWorker": .debug]))
        #expect(config.worker.maxConcurrentTasks == 7)
    }

    @Test("the full name of a variable outweighs its short one, and an empty variable counts as not set")
    func variableOrder() throws {
        let config = try ConfigurationLoader.load(environment: [
            "LOG_LEVEL": "error", "SCHEDULER_LOG_LEVEL": "debug", "SCHEDULER_API_PORT": "",
        ])
        #expect(config.log.levels.standard == .debug)
        #expect(config.api.port == Defaults.apiPort)
    }

    @Test("lists, fractions and truth values are read from a file in its own form")
    func fileForms() throws {
        let text = """
            environment = "production"
            [database]
            migrate_on_start = false
            [worker]
            task_types = ["shell", "http"]
            heartbeat_seconds = 0.5
            lease_seconds = 3
            """
        try withFile(text) { file in
            let config = try ConfigurationLoader.load(file: file, environment: [:])
            #expect(config.environment == .production)
            #expect(!config.database.migrateOnStart)
            #expect(config.worker.taskTypes == ["shell", "http"])
            #expect(config.worker.heartbeat == .milliseconds(500))
            #expect(config.worker.lease == .seconds(3))
        }
    }

    @Test("all faults of all sources are reported together, each with its key, place, value and what is allowed")
    func allFaults() throws {
        try withFile("[api]\nport = \"many\"\n[worker]\nlease_seconds = 1") { file in
            let error = #expect(throws: SchedulerError.self) {
                try ConfigurationLoader.load(
                    file: file, environment: ["SCHEDULER_DATABASE_POOL_SIZE": "0", "LOG_LEVEL": "loud"],
                    overrides: ["api.request_timeout_seconds": "nan"]
                )
            }
            let faults = try #require(error?.faults)
            #expect(error?.code == .configuration)
            #expect(
                faults.map(\.field) == [
                    "database.pool_size", "api.port", "api.request_timeout_seconds", "worker.lease_seconds",
                    "log.level",
                ])
            #expect(
                faults[0].message
                    == "the value \"0\" (from SCHEDULER_DATABASE_POOL_SIZE) must be a whole number from 1 to 1000")
            #expect(faults[1].message.contains("(from \(file))"))
            #expect(faults[2].message.contains("(from a flag)"))
            for fault in faults { #expect(error?.message.contains("\(fault.field): \(fault.message)") == true) }
        }
    }

    @Test("no fault shows a secret")
    func secretsStayHidden() {
        let error = #expect(throws: SchedulerError.self) {
            try ConfigurationLoader.load(environment: [
                "DATABASE_URL": "mysql://u:s3cret@h", "RABBITMQ_URL": "amqp://u:s3cret/x@h:q",
                "DATABASE_OWNER_URL": "postgres://u:s3c ret@h",
            ])
        }
        #expect(error?.faults.count == 3)
        #expect(error.map { String(reflecting: $0).contains("s3c") } == false)
    }

    @Test("what is shown of the settings masks the passwords")
    func shownSettings() throws {
        let config = try ConfigurationLoader.load(environment: [
            "DATABASE_URL": "postgres://u:s3cret@h/d?password=s3cret"
        ])
        let shown = config.settings.first { $0.key == "database.url" }
        #expect(shown?.value == "postgres://u:***@h/d?password=***")
        #expect(!"\(config)".contains("s3cret"))
        var dumped = ""
        dump(config, to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }

    @Test("a URL with a password is refused as a flag, one without is taken", arguments: ["database.url", "queue.url"])
    func passwordInFlag(key: String) throws {
        let scheme = key == "queue.url" ? "amqp" : "postgres"
        let error = #expect(throws: SchedulerError.self) {
            try ConfigurationLoader.load(environment: [:], overrides: [key: "\(scheme)://u:s3cret@h"])
        }
        #expect(error?.message.contains("no flag may") == true)
        #expect(error?.message.contains("s3cret") == false)
        #expect(throws: Never.self) {
            try ConfigurationLoader.load(environment: [:], overrides: [key: "\(scheme)://u@h"])
        }
    }

    @Test("a key that does not exist is a fault and the nearest one is named")
    func unknownKey() throws {
        try withFile("[api]\nprot = 1\n[nonsense.deep]\nx = 1") { file in
            let error = #expect(throws: SchedulerError.self) {
                try ConfigurationLoader.load(file: file, environment: [:])
            }
            #expect(
                error?.faults == [
                    .init(
                        field: "api.prot", message: "there is no such setting (from \(file)); did you mean api.port?"),
                    .init(field: "nonsense.deep.x", message: "there is no such setting (from \(file))"),
                ])
        }
    }

    @Test("a variable that nothing reads is a warning; those of tasks and tests are none")
    func unknownVariable() throws {
        let config = try ConfigurationLoader.load(environment: [
            "SCHEDULER_API_PROT": "1", "SCHEDULER_RUN_ID": "x", "SCHEDULER_TEST_POSTGRES_URL": "y", "PATH": "z",
        ])
        #expect(
            config.warnings == [
                "the variable SCHEDULER_API_PROT is no setting and is ignored; did you mean SCHEDULER_API_PORT?"
            ])
    }

    @Test("a lease under four heartbeats is refused", arguments: [("5", "19.9", false), ("5", "20", true)])
    func leaseRule(heartbeat: String, lease: String, isAllowed: Bool) {
        let environment = ["SCHEDULER_WORKER_HEARTBEAT_SECONDS": heartbeat, "SCHEDULER_WORKER_LEASE_SECONDS": lease]
        let config = try? ConfigurationLoader.load(environment: environment)
        #expect((config != nil) == isAllowed)
    }

    @Test("the rule between lease and heartbeat names both")
    func leaseRuleMessage() {
        let error = #expect(throws: SchedulerError.self) {
            try ConfigurationLoader.load(environment: ["SCHEDULER_WORKER_LEASE_SECONDS": "10"])
        }
        #expect(
            error?.message
                == "worker.lease_seconds: the value \"10\" (from SCHEDULER_WORKER_LEASE_SECONDS) must be at least four "
                + "times worker.heartbeat_seconds (5)")
    }

    @Test("a file that is missing or no TOML is a fault like others, with the line")
    func badFile() throws {
        let missing = #expect(throws: SchedulerError.self) {
            try ConfigurationLoader.load(file: "/nowhere/s.toml", environment: ["SCHEDULER_API_PORT": "x"])
        }
        #expect(missing?.faults.map(\.field) == ["--config", "api.port"])
        try withFile("[api]\nport = = 1") { file in
            let error = #expect(throws: SchedulerError.self) {
                try ConfigurationLoader.load(file: file, environment: [:])
            }
            #expect(error?.message.contains("\(file) is no TOML at line 2") == true)
        }
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID().uuidString).toml")
            .path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }
}
