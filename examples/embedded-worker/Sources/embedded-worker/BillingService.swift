import SchedulerApplication
import SchedulerDomain
import ServiceLifecycle

/// Stands for the rest of the service: makes two tasks, triggers them, and prints what came of them.
struct BillingService: Service {
    let tasks: TaskService

    init(store: any SchedulerStore) { tasks = TaskService(store: store) }

    func run() async throws {
        try await call("billing.close", with: ["month": "2026-11", "invoices": 3])
        try await call("billing.remind", with: ["email": "customer.example.org"])
    }

    private func call(_ function: String, with parameters: JSONValue) async throws {
        let id = try await task(calling: function)
        let arguments: JSONValue = ["arguments": .array([parameters])]
        let run = try await tasks.trigger(id, TriggerBody(arguments))
        var ended = run
        while !ended.status.isTerminal {
            try await Task.sleep(for: .milliseconds(20))
            ended = try await tasks.findRun(run.id)
        }
        print("\(function): \(ended.status.rawValue)")
        if let result = ended.result { print("  \(result.text)") }
        if let message = ended.errorMessage { print("  \(ended.errorType?.rawValue ?? ""): \(message)") }
    }

    /// The task of the function; made with the first start of the service, found again after that.
    private func task(calling function: String) async throws -> TaskID {
        if let known = try await tasks.list(TaskQuery()).items.first(where: { $0.spec.name == function }) {
            return known.id
        }
        let body: JSONValue = [
            "name": .string(function), "executor": "function", "task_type": "billing",
            "config": ["name": .string(function)], "schedule": "0 0 2 1 * *",
        ]
        return try await tasks.create(TaskBody(body)).id
    }
}
