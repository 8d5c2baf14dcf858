import SchedulerErrors
import Testing

@testable import SchedulerInfrastructure

@Suite("RabbitMQ configuration")
struct RabbitMQConfigurationTests {
    @Test("a URL is read with all its parts")
    func allParts() throws {
        let configuration = try RabbitMQConfiguration(
            url: "amqps://us%40er:p%2Fa%3Ass@one:5000,two,[::1]:5001,[fe80::1]/my%2Fhost")
        #expect(
            configuration.hosts == [
                .init(name: "one", port: 5_000), .init(name: "two", port: 5_671), .init(name: "::1", port: 5_001),
                .init(name: "fe80::1", port: 5_671),
            ])
        #expect(configuration.user == "us@er")
        #expect(configuration.password.text == "p/a:ss")
        #expect(configuration.virtualHost == "my/host")
        #expect(configuration.tls?.verifiesPeer == true)
    }

    @Test("absent parts have their defaults")
    func defaults() throws {
        let configuration = try RabbitMQConfiguration(url: "amqp://localhost")
        #expect(configuration.hosts == [.init(name: "localhost", port: 5_672)])
        #expect(configuration.user == "guest")
        #expect(configuration.password.text == "guest")
        #expect(configuration.virtualHost == "/")
        #expect(configuration.tls == nil)
    }

    @Test(
        "a bad URL is refused under its name, without a word of it",
        arguments: [
            "", "localhost:5672", "http://u:hunter2@h", "amqp://", "amqp://u:hunter2@", "amqp://u:hunter2@h:0",
            "amqp://u:hunter2@h:70000", "amqp://u:hunter2@h:5672x", "amqp://u:hun/ter2@h:1", "amqp://u:hunter2%zz@h",
            "amqp://u:hunter2%ff@h", "amqp://u:hunter2@h,,i", "amqp://u:hunter2@[::1", "amqp://u:hunter2@h/v?x=hunter2",
            "amqp://u:hunter2%00@h",
        ])
    func badURL(url: String) throws {
        let error = try #require(throws: SchedulerError.self) { try RabbitMQConfiguration(url: url) }
        #expect(error.code == .configuration)
        #expect(error.message.contains("RABBITMQ_URL"))
        for piece in ["hunter2", "hun", "ter2"] { #expect(!String(reflecting: error).contains(piece)) }
    }

    @Test("a description or a dump does not show the password")
    func password() throws {
        let configuration = try RabbitMQConfiguration(url: "amqp://u:hunter2@h")
        var text = "\(configuration)" + String(reflecting: configuration)
        dump(configuration, to: &text)
        #expect(!text.contains("hunter2"))
    }
}
