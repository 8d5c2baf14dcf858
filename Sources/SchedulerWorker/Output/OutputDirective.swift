import SchedulerDomain
import SchedulerErrors

/// A line of a task's output that is meant for the scheduler.
///
/// ```
/// ::progress 40::
/// ::result {"rows": 12}::
/// ::error user::the input has no header::
/// ```
enum OutputDirective: Sendable, Hashable {
    /// Percent, as said; whoever takes it moves it into 0–100.
    case progress(Int)
    /// The last one is the result of the attempt.
    case result(JSONValue)
    /// The class of the error, where the attempt fails, with a message.
    case error(ErrorType, String?)

    /// How a line begins that brings a result.
    static let resultPrefix = Array("::result ".utf8)

    /// - Returns: nil for an ordinary line, also for one that only resembles a directive.
    init?(_ line: String) {
        // Nearly every line leaves here.
        guard line.utf8.starts(with: OutputDirective.mark) else { return nil }
        let body = line.dropFirst(2)
        guard let space = body.firstIndex(of: " ") else { return nil }
        let rest = body[body.index(after: space)...]
        switch body[..<space] {
        case "progress": self.init(progress: rest)
        case "result": self.init(result: rest)
        case "error": self.init(error: rest)
        default: return nil
        }
    }

    private init?(progress rest: Substring) {
        guard let text = OutputDirective.closed(rest), let percent = Int(text) else { return nil }
        self = .progress(percent)
    }

    private init?(result rest: Substring) {
        guard let text = OutputDirective.closed(rest) else { return nil }
        do throws(JSONSyntaxError) {
            self = .result(try JSONValue(parsing: String(text), maxDepth: JSONValue.callerDepth).withoutNUL)
        } catch {
            return nil
        }
    }

    /// The message reaches to the end of the line; marks around it are taken off.
    private init?(error rest: Substring) {
        guard let end = rest.firstRange(of: "::"), let type = ErrorType(directive: rest[..<end.lowerBound]) else {
            return nil
        }
        let tail = rest[end.upperBound...]
        let message = OutputDirective.trimmed(OutputDirective.closed(tail) ?? tail)
        self = .error(type, message.isEmpty ? nil : String(message))
    }

    private static let mark = Array("::".utf8)

    /// What stands before the mark at the line's end; nil where there is none.
    private static func closed(_ text: Substring) -> Substring? {
        let text = trimmed(text)
        guard text.hasSuffix("::") else { return nil }
        return trimmed(text.dropLast(2))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension ErrorType {
    /// As tasks name the classes in their output.
    fileprivate init?(directive name: Substring) {
        switch name {
        case "user": self = .user
        case "validation": self = .validation
        case "network": self = .network
        case "timeout": self = .timeout
        case "system": self = .system
        default: return nil
        }
    }
}
