import Configuration
private import SchedulerErrors

/// One source of values as swift-configuration sees it: texts by key, `section.key`.
struct TextSnapshot: ConfigSnapshot {
    let providerName: String
    let texts: [String: String]

    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        let name = key.components.joined(separator: ".")
        let content = try texts[name].map { try Self.content($0, of: type, for: name) }
        return LookupResult(encodedKey: name, value: content.map { ConfigValue($0, isSecret: false) })
    }

    private static func content(_ text: String, of type: ConfigType, for name: String) throws -> ConfigContent {
        let content: ConfigContent? =
            switch type {
            case .string: .string(text)
            case .int: Int(text).map { .int($0) }
            case .double: Double(text).map { .double($0) }
            case .bool: Bool(text).map { .bool($0) }
            case .stringArray: .stringArray(text.split(separator: ",").map { $0.trimmed })
            case .bytes, .intArray, .doubleArray, .boolArray, .byteChunkArray: nil
            }
        guard let content else { throw SchedulerError(.configuration, "\(name) is no \(type.rawValue)") }
        return content
    }
}
