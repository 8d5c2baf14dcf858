import ArgumentParser
import SchedulerErrors

/// The one place that turns an error into a line and an exit code.
enum ExitOnError {
    /// Wrong input or configuration, as `ArgumentParser` and most tools use it.
    static let usage = ExitCode(2)
    /// A server cannot be reached; the same command may succeed later (`EX_UNAVAILABLE` of sysexits.h).
    static let unavailable = ExitCode(69)

    /// Runs the body of a command; an error becomes one line on standard error and the command's exit code.
    static func run(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            throw exit(for: error)
        }
    }

    static func unwrap(_ result: Result<Void, any Error>) throws {
        if case .failure(let error) = result { throw exit(for: error) }
    }

    static func exit(for error: any Error) -> any Error {
        guard let error = error as? SchedulerError else {
            if error is ExitCode || error is CleanExit || error is ValidationError { return error }
            Terminal.complain("scheduler: \(error)")
            return ExitCode.failure
        }
        let lines = error.faults.isEmpty ? [error.message] : error.faults.map { "\($0.field): \($0.message)" }
        for line in lines { Terminal.complain("scheduler: \(line)") }
        return code(for: error.code)
    }

    private static func code(for code: SchedulerError.Code) -> ExitCode {
        switch code {
        case .configuration, .validation: usage
        case .storeUnavailable, .messageQueue, .unavailable, .timeout, .overloaded, .outcomeUnknown: unavailable
        case .notFound, .conflict, .alreadyExists, .database, .transactionConflict, .execution, .unauthorized,
            .forbidden,
            .quota, .lockNotAcquired, .lockLost, .internal:
            .failure
        }
    }
}
