/// Stands before every call of a port: lets it pass, delays it, fails it before or after its effect.
///
/// `FaultyStore` asks it for every method of every repository.
public protocol PortCalls: Sendable {
    /// - Parameters:
    ///   - name: port and method, for example `runs.claim`.
    ///   - changes: whether the call may change something, so that a lost answer leaves its outcome unknown.
    ///   - body: the call itself; performed once at most.
    func call<Output: Sendable>(
        _ name: String, changes: Bool, _ body: @Sendable () async throws -> Output
    ) async throws -> Output
}
