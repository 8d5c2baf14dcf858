private import Foundation
import SchedulerErrors
private import TOMLKit

/// Reads a configuration file into flat texts: `[api] port = 80` becomes `api.port` → `80`.
enum TOMLFile {
    /// Reads and flattens a file.
    ///
    /// - Throws: `configuration` where the file cannot be read or is no TOML, with the line.
    static func read(_ path: String) throws(SchedulerError) -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SchedulerError(.configuration, "the file \(path) does not exist or cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw SchedulerError(.configuration, "the file \(path) is no UTF-8 text")
        }
        return try parse(text, path: path)
    }

    static func parse(_ text: String, path: String) throws(SchedulerError) -> [String: String] {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch {
            let place = (error as? TOMLParseError).map { " at \($0.source.begin.debugDescription)" } ?? ""
            // The parser's own words may quote a secret, so only the place is shown.
            throw SchedulerError(.configuration, "the file \(path) is no TOML\(place)")
        }
        var texts: [String: String] = [:]
        flatten(table, under: "", into: &texts)
        return texts
    }

    private static func flatten(_ table: TOMLTable, under prefix: String, into texts: inout [String: String]) {
        for (key, value) in table {
            if let inner = value.table {
                flatten(inner, under: "\(prefix)\(key).", into: &texts)
            } else {
                texts[prefix + key] = Self.text(of: value)
            }
        }
    }

    private static func text(of value: any TOMLValueConvertible) -> String {
        if let text = value.string { return text }
        if let array = value.array { return array.map { text(of: $0) }.joined(separator: ",") }
        if let number = value.int { return String(number) }
        if let number = value.double { return String(number) }
        if let flag = value.bool { return String(flag) }
        return value.debugDescription
    }
}
