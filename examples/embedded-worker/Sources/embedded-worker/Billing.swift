import SchedulerDomain
import SchedulerWorker

/// What the service can do, and the scheduler calls.
enum Billing {
    struct Month: Codable, Sendable {
        var month: String
        var invoices: Int
    }

    struct Summary: Codable, Sendable {
        var month: String
        var closed: Int
        /// The same for every attempt: by it the books recognise a month that was closed before.
        var key: String
    }

    @Sendable static func close(_ books: Month, _ context: FunctionContext) async throws -> Summary {
        for number in 1...books.invoices {
            try Task.checkCancellation()
            context.log("invoice \(number)")
            context.progress(100 * number / books.invoices)
        }
        return Summary(month: books.month, closed: books.invoices, key: "\(context.runID)")
    }

    struct Customer: Codable, Sendable {
        var email: String
    }

    @Sendable static func remind(_ customer: Customer, _ context: FunctionContext) async throws {
        guard customer.email.contains("@") else { throw FunctionFailure(.user, "\(customer.email) is no address") }
        context.log("reminded \(customer.email) for \(context.fireTime)")
    }
}
