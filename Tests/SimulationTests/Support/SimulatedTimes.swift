import SchedulerConfig
import SchedulerWorker

/// The settings of a simulated system that are times.
struct SimulatedTimes: Sendable {
    var worker: WorkerConfiguration
    var dispatcher: DispatcherConfig
    var brokerHeartbeat: Duration

    var lease: Duration { worker.lease }

    /// The shortest that the configuration allows, so that much happens in little time.
    static let short: SimulatedTimes = {
        var dispatcher = DispatcherConfig()
        dispatcher.leaderTerm = .seconds(2)
        dispatcher.unclaimed = .seconds(2)
        dispatcher.poll = .milliseconds(500)
        let worker = WorkerConfiguration(
            slots: 4, heartbeat: .milliseconds(500), lease: .seconds(3), killGrace: .seconds(1),
            shutdownGrace: .seconds(6), settlementCheck: .milliseconds(500), resend: .seconds(3),
            brokerPatience: .seconds(1), directPoll: .milliseconds(500))
        return SimulatedTimes(worker: worker, dispatcher: dispatcher, brokerHeartbeat: .seconds(1))
    }()

    /// What users have who set nothing.
    static let standard = SimulatedTimes(
        worker: WorkerConfiguration(
            slots: 4, heartbeat: Defaults.heartbeat, lease: Defaults.lease, killGrace: Defaults.killGrace),
        dispatcher: DispatcherConfig(), brokerHeartbeat: Defaults.queueHeartbeat)
}
