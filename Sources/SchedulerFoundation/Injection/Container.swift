import SchedulerErrors
private import Synchronization

/// Finds implementations by the protocol they serve: for plug-ins and for services that embed the libraries, at start.
///
/// Our own types take what they use in their constructors and never reach into it.
public final class Container: Sendable {
    private let factories = Mutex<[ObjectIdentifier: @Sendable () throws -> any Sendable]>([:])

    public init() {}

    /// Registers one instance for a type, replacing an earlier one.
    public func register<Service>(_ type: Service.Type, _ instance: Service) where Service: Sendable {
        register(type) { instance }
    }

    /// Registers a factory that is called at each resolution.
    public func register<Service>(_ type: Service.Type, factory: @escaping @Sendable () throws -> Service)
    where Service: Sendable {
        factories.withLock { $0[ObjectIdentifier(type)] = factory }
    }

    /// Returns the implementation of a type.
    ///
    /// - Throws: `configuration` where none is registered, naming the type; else what its factory throws.
    public func resolve<Service>(_ type: Service.Type = Service.self) throws -> Service where Service: Sendable {
        guard let factory = factories.withLock({ $0[ObjectIdentifier(type)] }) else {
            throw SchedulerError(
                .configuration, "nothing is registered for \(type); call register(\(type).self, …) first")
        }
        guard let service = try factory() as? Service else {
            throw SchedulerError(.internal, "the factory registered for \(type) made something else")
        }
        return service
    }
}
