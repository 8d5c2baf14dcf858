import SchedulerErrors
import SchedulerFoundation
import Synchronization
import Testing

@Suite("The container")
struct ContainerTests {
    private protocol Greeter: Sendable { var greeting: String { get } }
    private struct Plain: Greeter { let greeting: String }

    @Test("resolves by protocol, the latest registration counts")
    func resolves() throws {
        let container = Container()
        container.register((any Greeter).self, Plain(greeting: "one"))
        #expect(try container.resolve((any Greeter).self).greeting == "one")
        container.register((any Greeter).self, Plain(greeting: "two"))
        #expect(try container.resolve((any Greeter).self).greeting == "two")
    }

    @Test("calls a factory at each resolution and hands its error on")
    func factory() throws {
        let container = Container()
        let calls = Mutex(0)
        container.register(Int.self) {
            try calls.withLock { calls in
                calls += 1
                if calls == 3 { throw SchedulerError(.unavailable, "no more") }
                return calls
            }
        }
        #expect(try container.resolve(Int.self) == 1)
        #expect(try container.resolve(Int.self) == 2)
        let error = #expect(throws: SchedulerError.self) { try container.resolve(Int.self) }
        #expect(error?.code == .unavailable)
    }

    @Test("names what is not registered")
    func missing() {
        let error = #expect(throws: SchedulerError.self) { try Container().resolve(String.self) }
        #expect(error?.code == .configuration)
        #expect(error?.message == "nothing is registered for String; call register(String.self, …) first")
    }
}
