/// How the text of a setting is read and shown.
struct ValueForm<Value: Sendable>: Sendable {
    /// Reads a text; the misfit says what is allowed.
    let parse: @Sendable (String) throws(Misfit) -> Value
    /// Writes a value as the configuration file would; a password is masked.
    let show: @Sendable (Value) -> String
}

extension ValueForm where Value == String {
    /// Any text but none.
    static var text: Self {
        Self(
            parse: { text throws(Misfit) in
                guard !text.trimmed.isEmpty, !text.contains("\0") else { throw Misfit("must not be empty") }
                return text.trimmed
            },
            show: { $0 }
        )
    }

    /// A name of letters, digits, `-`, `_` and `.`.
    static func name(allowingEmpty: Bool) -> Self {
        Self(
            parse: { text throws(Misfit) in
                guard allowingEmpty || !text.isEmpty, text.count <= 100, text.isName else {
                    throw Misfit("must be at most 100 letters, digits, '-', '_' or '.'")
                }
                return text
            },
            show: { $0 }
        )
    }
}

extension ValueForm where Value == [String] {
    /// Names, separated by commas.
    static var names: Self {
        Self(
            parse: { text throws(Misfit) in
                let names = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
                guard names.allSatisfy({ !$0.isEmpty && $0.isName }), Set(names).count == names.count else {
                    throw Misfit("must be different names separated by commas, for example shell,http")
                }
                return names
            },
            show: { $0.joined(separator: ",") }
        )
    }
}

extension ValueForm where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(
            parse: { text throws(Misfit) in
                guard let value = Int(text), range.contains(value) else {
                    throw Misfit("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
                }
                return value
            },
            show: { String($0) }
        )
    }
}

extension ValueForm where Value == Duration {
    /// A number of seconds, fractions allowed.
    static func seconds(_ range: ClosedRange<Double>) -> Self {
        Self(
            parse: { text throws(Misfit) in
                guard let value = Double(text), range.contains(value) else {
                    let ends = [range.lowerBound, range.upperBound].map { Duration.seconds($0).inSeconds }
                    throw Misfit("must be a number of seconds from \(ends[0]) to \(ends[1])")
                }
                return .seconds(value)
            },
            show: \.inSeconds
        )
    }
}

extension ValueForm where Value == Bool {
    static var flag: Self {
        Self(
            parse: { text throws(Misfit) in
                switch text.lowercased() {
                case "true", "yes", "on", "1": return true
                case "false", "no", "off", "0": return false
                default: throw Misfit("must be true or false")
                }
            },
            show: { String($0) }
        )
    }
}

extension ValueForm where Value: RawRepresentable<String> & CaseIterable {
    /// One of the cases of an enumeration, without regard to case.
    static func choice() -> Self {
        Self(
            parse: { text throws(Misfit) in
                guard let value = Value(rawValue: text.lowercased()) else {
                    throw Misfit("must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                return value
            },
            show: \.rawValue
        )
    }
}

extension ValueForm where Value == LogLevels {
    static var logLevels: Self {
        Self(
            parse: { text throws(Misfit) in
                guard let levels = LogLevels(parsing: text) else {
                    let names = LogLevels.Level.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Misfit("must be one of \(names), also per module: info,SchedulerWorker=debug")
                }
                return levels
            },
            show: \.description
        )
    }
}

extension ValueForm where Value == DatabaseLocation? {
    static var database: Self {
        Self(
            parse: { text throws(Misfit) in try DatabaseLocation.parse(text) },
            show: { $0?.description ?? "" }
        )
    }
}

extension ValueForm where Value == ConnectionURL? {
    static func connection(schemes: [String]) -> Self {
        Self(
            parse: { text throws(Misfit) in try ConnectionURL(parsing: text, schemes: schemes) },
            show: { $0?.description ?? "" }
        )
    }
}

extension String {
    fileprivate var isName: Bool { allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) } }
}
