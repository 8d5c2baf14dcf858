import Logging
import SchedulerDispatcher
import SchedulerInfrastructure
import SchedulerWorker
import ServiceLifecycle

/// A service of its own, with a worker inside that runs two of its functions.
@main
enum EmbeddedWorker {
    static func main() async throws {
        let path = CommandLine.arguments.dropFirst().first ?? "embedded-worker.db"
        let logger = Logger(label: "billing")

        let functions = FunctionRegistry()
        functions.register("billing.close", Billing.close)
        functions.register("billing.remind", Billing.remind)
        let store = try SQLiteStore(path: path)
        _ = try await store.recoverAfterRestart()
        let queue = InProcessMessageQueue()
        let worker = WorkerService(
            name: "billing", functions: functions, store: store, queue: queue, taskTypes: ["billing"], logger: logger)
        let dispatcher = Dispatcher.services(store: store, queue: queue, logger: logger)
        let billing = BillingService(store: store)

        // The service ends when its own work is done, and everything else with it.
        let services = (dispatcher + [worker]).map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        let own = ServiceGroupConfiguration.ServiceConfiguration(
            service: billing, successTerminationBehavior: .gracefullyShutdownGroup)
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services + [own], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        ).run()
        try store.close()
    }
}
