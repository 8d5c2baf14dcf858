import Logging
import SchedulerFoundation

/// What a thread does with its connection; confined to that thread.
protocol AMQPRole: AnyObject {
    /// Makes a fresh connection ready.
    func begin(on connection: AMQPConnection) throws(AMQPError)

    /// Does what there is to do and returns how long the thread may sleep.
    func turn(on connection: AMQPConnection) throws(AMQPError) -> Duration

    /// Whether nothing is left to be answered, so that the thread may end.
    var isIdle: Bool { get }

    /// Gives up all that belonged to the lost connection, or answers for an attempt to connect that failed.
    ///
    /// - Parameter reconnectsNow: whether the next attempt follows at once, so that callers may wait for it.
    func connectionLost(_ error: AMQPError, reconnectsNow: Bool)

    /// Serves callers while there is no connection.
    func turnWhileAway(_ error: AMQPError)

    /// Answers whoever still waits; the thread ends.
    func end()
}

/// Keeps one connection to the broker for a role: connects, works, and after any error throws the connection away and
/// connects again, with growing pauses, to the next host.
struct AMQPLoop {
    let name: String
    let configuration: RabbitMQConfiguration
    let control: AMQPControl
    let role: any AMQPRole
    let logger: Logger

    /// How long a stopping thread works for those who still wait.
    private static let stopGrace = Duration.seconds(2)
    /// A connection that lived shorter counts as a failed attempt, so that one that fails at once is not tried without
    /// pause.
    private static let shortLife = Duration.seconds(1)

    /// The body of the thread; returns when it was stopped.
    func run() {
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(5))
        var host = Int.random(in: configuration.hosts.indices)
        var isAway = false
        while !control.isStopping {
            let start = ContinuousClock.now
            do {
                let connection = try connect(to: configuration.hosts[host])
                logger.info("The \(name) is connected to RabbitMQ", metadata: address(host))
                isAway = false
                try serve(connection)
            } catch {
                let reconnectsNow = !isAway && ContinuousClock.now - start >= AMQPLoop.shortLife
                if !isAway || reconnectsNow {
                    logger.warning(
                        "The \(name) has no connection to RabbitMQ and tries again",
                        metadata: address(host).merging([LogKey.error: "\(error)"]) { $1 })
                }
                role.connectionLost(error, reconnectsNow: reconnectsNow)
                isAway = true
                host = (host + 1) % configuration.hosts.count
                if reconnectsNow { backoff.reset() } else { pause(backoff.next(), after: error) }
            }
        }
        role.end()
    }

    private func connect(to host: RabbitMQConfiguration.Host) throws(AMQPError) -> AMQPConnection {
        let connection = try AMQPConnection(to: host, of: configuration, role: name, control: control)
        try role.begin(on: connection)
        return connection
    }

    /// Works until the thread is stopped.
    private func serve(_ connection: AMQPConnection) throws(AMQPError) {
        var end: ContinuousClock.Instant?
        while true {
            var pause = try role.turn(on: connection)
            connection.releaseBuffers()
            if control.isStopping {
                let deadline = end ?? ContinuousClock.now + AMQPLoop.stopGrace
                end = deadline
                if role.isIdle || ContinuousClock.now >= deadline { break }
                pause = min(pause, .milliseconds(50))
            }
            connection.wait(atMost: pause)
        }
        connection.close()
    }

    private func pause(_ length: Duration, after error: AMQPError) {
        let end = ContinuousClock.now + length
        while !control.isStopping, ContinuousClock.now < end {
            role.turnWhileAway(error)
            control.wake.wait(atMost: ContinuousClock.now.duration(to: end))
        }
    }

    private func address(_ host: Int) -> Logger.Metadata {
        [LogKey.address: "\(configuration.hosts[host].name):\(configuration.hosts[host].port)"]
    }
}
