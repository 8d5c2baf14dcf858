import SchedulerDomain
import SchedulerErrors

/// What a worker and the program of a `custom` task say to each other: one JSON object per line.
///
/// The worker sends one line, `start`, and closes the program's input. The program answers with any number of `log` and
/// `progress` lines and one `result`; `docs/executors.md` has the fields. A line that is nothing of that kind is a line
/// of the log, so that a program may print what it likes.
enum CustomProtocol {
    /// Raised when a program that knows the old messages could misread the new ones.
    static let version: Int64 = 1

    /// The first and only line that the program is sent, with its line break.
    static func start(_ run: RunContext) -> [UInt8] {
        var message: [String: JSONValue] = [
            "type": "start", "protocol": .integer(version), "run_id": .string("\(run.attempt.run)"),
            "attempt": .integer(Int64(run.attempt.attempt)), "fire_time": .string("\(run.scheduledAt)"),
            "task": ["id": .integer(run.task.rawValue), "name": .string(run.spec.name)], "config": run.spec.config,
            "arguments": .array(run.spec.arguments), "upstream": .array(run.upstreams.map(\.json)),
            "timeout_seconds": .integer(run.timeout.components.seconds),
        ]
        if let trace = run.traceContext.flatMap({ TraceContext($0) }) {
            message["traceparent"] = .string(trace.parent)
            message["tracestate"] = trace.state.map { .string($0) }
        }
        var line: [UInt8] = []
        JSONValue.object(message).write(into: &line)
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// What a line of the program's output says.
    enum Event: Sendable, Hashable {
        /// Lines for the log.
        case log(LogStream, [String])
        /// Percent, as said; whoever takes it moves it into 0–100.
        case progress(Int)
        case result(Ending)
    }

    /// How the work ended, in the program's words.
    struct Ending: Sendable, Hashable {
        var success: Bool
        var result: JSONValue
        /// Why it failed; nil for a success.
        var error: TaskResult.Failure?
    }

    /// - Returns: nil for a line that is no message.
    static func event(_ line: String) -> Event? {
        guard line.utf8.first == UInt8(ascii: "{"),
            let message = try? JSONValue(parsing: line, maxDepth: JSONValue.callerDepth).withoutNUL
        else { return nil }
        switch message["type"]?.string {
        case "log": return log(message)
        case "progress": return progress(message)
        case "result": return ending(message).map(Event.result)
        default: return nil
        }
    }

    private static func log(_ message: JSONValue) -> Event? {
        guard let text = message["message"]?.string else { return nil }
        let stream: LogStream = message["stream"]?.string == "stderr" ? .stderr : .stdout
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return .log(stream, lines.map(String.init))
    }

    private static func progress(_ message: JSONValue) -> Event? {
        switch message["percent"] {
        case .integer(let percent): .progress(Int(clamping: percent))
        case .number(let percent): .progress(Int(max(0, min(100, percent))))
        default: nil
        }
    }

    private static func ending(_ message: JSONValue) -> Ending? {
        guard let success = message["success"]?.bool else { return nil }
        let error = message["error"]
        let failure = TaskResult.Failure(
            ErrorType(word: error?["type"]?.string), error?["message"]?.string ?? "the program says that it failed",
            stack: error?["stack"]?.string)
        return Ending(success: success, result: message["result"] ?? .null, error: success ? nil : failure)
    }
}

extension ErrorType {
    /// `USER_ERROR`, or `user` for short; all that is unknown is a `SYSTEM_ERROR`.
    fileprivate init(word: String?) {
        let word = word?.uppercased() ?? ""
        self = ErrorType(rawValue: word) ?? ErrorType(rawValue: word + "_ERROR") ?? .system
    }
}
