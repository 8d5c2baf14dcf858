/// Text with places for what is known only when an attempt starts, such as `{{run.id}}`.
///
/// Blanks inside the braces do not count; `{{{{` stands for two braces.
public struct Template: Sendable, Hashable {
    /// What a place asks for.
    public enum Place: Sendable, Hashable {
        case runID
        case attempt
        case taskID
        case taskName
        case fireTime
        /// A task's name or number, then a path into its result: `nightly.rows.0`.
        case upstream(String)
        /// The position in the run's arguments, from 0.
        case argument(Int)
    }

    enum Part: Sendable, Hashable {
        case text(String)
        case place(Place)
    }

    let parts: [Part]

    /// Whether anything stands in it but text.
    public var hasPlaces: Bool { parts.contains { if case .place = $0 { true } else { false } } }

    /// - Throws: `TemplateFault` for a place that is unknown or not closed.
    public init(parsing text: String) throws(TemplateFault) {
        var parts: [Part] = []
        var plain = ""
        var rest = text[...]
        while let opening = rest.firstRange(of: "{{") {
            plain += rest[..<opening.lowerBound]
            rest = rest[opening.upperBound...]
            if rest.hasPrefix("{{") {
                plain += "{{"
                rest = rest.dropFirst(2)
                continue
            }
            guard let closing = rest.firstRange(of: "}}") else {
                throw TemplateFault("\"{{\" is not closed by \"}}\"; write \"{{{{\" for the two characters themselves")
            }
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = ""
            parts.append(.place(try Place(rest[..<closing.lowerBound])))
            rest = rest[closing.upperBound...]
        }
        plain += rest
        if !plain.isEmpty { parts.append(.text(plain)) }
        self.parts = parts
    }

    /// Text without places.
    public init(plain text: String) { parts = text.isEmpty ? [] : [.text(text)] }

    /// The places, in their order.
    public var places: [Place] { parts.compactMap { if case .place(let place) = $0 { place } else { nil } } }

    /// The place that is the whole text; nil where there is more or none.
    var only: Place? {
        guard parts.count == 1, case .place(let place) = parts[0] else { return nil }
        return place
    }

    /// The text with one and the same word in every place: for checks of its form before values are known.
    public func filled(with word: String) -> String {
        parts.map { if case .text(let text) = $0 { text } else { word } }.joined()
    }
}

/// What is wrong with a template, or why it cannot be filled; names the place.
public struct TemplateFault: Error, Sendable, Hashable {
    public var message: String

    public init(_ message: String) { self.message = message }
}

extension Template.Place {
    private static let upstreamPrefix = "upstream."
    private static let argumentPrefix = "arguments."

    init(_ text: Substring) throws(TemplateFault) {
        let name = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        switch name {
        case "run.id": self = .runID
        case "run.attempt": self = .attempt
        case "task.id": self = .taskID
        case "task.name": self = .taskName
        case "fire_time": self = .fireTime
        case _ where name.hasPrefix(Self.upstreamPrefix) && name.count > Self.upstreamPrefix.count:
            self = .upstream(String(name.dropFirst(Self.upstreamPrefix.count)))
        default:
            let digits = name.dropFirst(Self.argumentPrefix.count)
            guard name.hasPrefix(Self.argumentPrefix), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let position = Int(digits)
            else {
                throw TemplateFault(
                    "there is no template \"{{\(name)}}\"; there are run.id, run.attempt, task.id, task.name, "
                        + "fire_time, upstream.<task>.<path> and arguments.<number>")
            }
            self = .argument(position)
        }
    }

    /// As it is written, without braces.
    var name: String {
        switch self {
        case .runID: "run.id"
        case .attempt: "run.attempt"
        case .taskID: "task.id"
        case .taskName: "task.name"
        case .fireTime: "fire_time"
        case .upstream(let rest): Self.upstreamPrefix + rest
        case .argument(let position): Self.argumentPrefix + String(position)
        }
    }
}
