public import SchedulerErrors

extension AppConfig {
    /// Returns the PostgreSQL of a role that runs in a process of its own.
    ///
    /// - Parameter role: the subcommand, for the message.
    /// - Throws: `configuration` where none is configured, or SQLite is, which several processes cannot share.
    public func requirePostgres(role: String) throws(SchedulerError) -> ConnectionURL {
        let needs = "role `\(role)` needs PostgreSQL (postgres://…)"
        switch database.url {
        case .postgres(let url): return url
        case .sqlite:
            throw Self.error("database.url", "DATABASE_URL: \(needs); sqlite: works with `scheduler standalone` only")
        case nil:
            throw Self.error(
                "database.url", "DATABASE_URL: \(needs); it is not set. Without a server: `scheduler standalone`")
        }
    }

    /// Returns the RabbitMQ of a role that runs in a process of its own.
    ///
    /// - Parameter role: the subcommand, for the message.
    /// - Throws: `configuration` where none is configured.
    public func requireRabbitMQ(role: String) throws(SchedulerError) -> ConnectionURL {
        guard let url = queue.url else {
            let message =
                "RABBITMQ_URL: role `\(role)` needs RabbitMQ (amqp://…); it is not set. "
                + "Without a server: `scheduler standalone`"
            throw Self.error("queue.url", message)
        }
        return url
    }

    /// Checks both servers of a role at once.
    ///
    /// - Throws: `configuration` with every fault.
    public func requireServers(role: String) throws(SchedulerError) {
        var faults: [SchedulerError.FieldFault] = []
        do throws(SchedulerError) { _ = try requirePostgres(role: role) } catch { faults += error.faults }
        do throws(SchedulerError) { _ = try requireRabbitMQ(role: role) } catch { faults += error.faults }
        guard !faults.isEmpty else { return }
        throw SchedulerError(.configuration, faults.map(\.message).joined(separator: "; "), faults: faults)
    }

    private static func error(_ key: String, _ message: String) -> SchedulerError {
        SchedulerError(.configuration, message, faults: [.init(field: key, message: message)])
    }
}
