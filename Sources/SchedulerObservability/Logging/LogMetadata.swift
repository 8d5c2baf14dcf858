import Logging

/// The fields of a log line.
enum LogMetadata {
    /// Unites the fields of all sources; those nearer to the call win.
    static func merged(
        _ provider: Logger.MetadataProvider?,
        _ ofLogger: Logger.Metadata,
        _ ofCall: Logger.Metadata?
    ) -> Logger.Metadata {
        var fields = provider?.get() ?? [:]
        if fields.isEmpty { fields = ofLogger } else { fields.merge(ofLogger) { $1 } }
        if let ofCall { fields.merge(ofCall) { $1 } }
        return fields
    }

    /// Appends a value as JSON, keys in order; numbers and truth values stay what they are.
    static func appendJSON(_ value: Logger.Metadata.Value, to line: inout [UInt8]) {
        switch value {
        case .string(let text): LogText.appendJSON(text, to: &line)
        case .stringConvertible(let value): append(value, to: &line)
        case .array(let elements):
            line.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                appendJSON(element, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let fields):
            line.append(UInt8(ascii: "{"))
            for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LogText.appendJSON(field.key, to: &line)
                line.append(UInt8(ascii: ":"))
                appendJSON(field.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ value: any CustomStringConvertible & Sendable, to line: inout [UInt8]) {
        switch value {
        case let number as any BinaryInteger: line.append(contentsOf: number.description.utf8)
        case let number as Double where number.isFinite: line.append(contentsOf: number.description.utf8)
        case let flag as Bool: line.append(contentsOf: flag.description.utf8)
        default: LogText.appendJSON(value.description, to: &line)
        }
    }
}
