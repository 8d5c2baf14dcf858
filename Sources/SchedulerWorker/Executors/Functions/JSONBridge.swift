import FoundationEssentials
import SchedulerDomain
import SchedulerErrors

/// Between JSON and `Codable` types, by way of JSON text; dates are RFC 3339.
enum JSONBridge {
    /// - Parameter path: the field that holds the value, for faults.
    /// - Throws: `validation` that names the field that does not fit.
    static func decode<Value: Decodable>(_ type: Value.Type, from json: JSONValue, path: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let instant = UTCInstant(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "is no RFC 3339 time")
            }
            return Date(timeIntervalSince1970: Double(instant.microsecondsSinceEpoch) / 1_000_000)
        }
        do {
            return try decoder.decode(type, from: Data(json.text.utf8))
        } catch let error as DecodingError {
            throw fault(error, path)
        }
    }

    static func encode(_ value: some Encodable) throws -> JSONValue {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            let micros = (date.timeIntervalSince1970 * 1_000_000).rounded()
            try container.encode("\(UTCInstant(microsecondsSinceEpoch: Int64(micros)))")
        }
        return try JSONValue(parsing: String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    private static func fault(_ error: DecodingError, _ path: String) -> SchedulerError {
        switch error {
        case .keyNotFound(let key, let context): .invalid(field(path, context.codingPath + [key]), "is missing")
        case .valueNotFound(let type, let context):
            .invalid(field(path, context.codingPath), "is null; \(type) is expected")
        case .typeMismatch(let type, let context):
            .invalid(field(path, context.codingPath), "is of another type; \(type) is expected")
        case .dataCorrupted(let context): .invalid(field(path, context.codingPath), context.debugDescription)
        @unknown default: .invalid(path, "cannot be read")
        }
    }

    private static func field(_ path: String, _ keys: [any CodingKey]) -> String {
        ([path] + keys.map { $0.intValue.map(String.init) ?? $0.stringValue }).joined(separator: ".")
    }
}
