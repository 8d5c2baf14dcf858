private import FoundationEssentials
import SchedulerDomain
import SchedulerErrors

/// The JSON columns that hold values of the domain.
enum PostgresJSON {
    static func encode(_ spec: TaskSpec) throws -> [UInt8] { Array(try JSONEncoder().encode(spec)) }

    /// Nil where nothing is overridden.
    static func encode(_ overrides: RunOverrides) throws -> [UInt8]? {
        overrides.isEmpty ? nil : Array(try JSONEncoder().encode(overrides))
    }

    static func encode(_ progress: ZoneProgress) throws -> [UInt8] { Array(try JSONEncoder().encode(progress)) }
    static func encode(_ turns: PickTurns) throws -> String {
        String(decoding: try JSONEncoder().encode(turns), as: UTF8.self)
    }

    static func encode(_ labels: [String: String]) -> JSONValue { .object(labels.mapValues { .string($0) }) }

    /// - Throws: `database` where the column holds something else than the program expects.
    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw SchedulerError(.database, "a JSON column does not hold what its schema says", underlying: error)
        }
    }
}
