private import Foundation
public import SchedulerErrors

/// Which database holds the books.
public enum DatabaseLocation: Sendable, Hashable {
    /// A PostgreSQL server, which many processes share.
    case postgres(ConnectionURL)
    /// A SQLite file by its absolute path, for one process.
    case sqlite(path: String)

    /// Reads `postgres://…`, `postgresql://…` or `sqlite:///path`.
    ///
    /// - Throws: `configuration`; the message never shows the text.
    public init(parsing text: String) throws(SchedulerError) {
        do throws(Misfit) {
            self = try Self.parse(text)
        } catch {
            throw SchedulerError(.configuration, "a database URL \(error.message)")
        }
    }

    static func parse(_ text: String) throws(Misfit) -> DatabaseLocation {
        if text.lowercased().hasPrefix("sqlite:") { return try .sqlite(path: sqlitePath(text)) }
        guard ConnectionURL.postgres.contains(where: { text.lowercased().hasPrefix("\($0)://") }) else {
            throw Misfit("must begin with postgres://, postgresql:// or sqlite:///")
        }
        return try .postgres(ConnectionURL(parsing: text, schemes: ConnectionURL.postgres))
    }

    private static func sqlitePath(_ text: String) throws(Misfit) -> String {
        let encoded = text.dropFirst("sqlite:".count)
        guard encoded.hasPrefix("///"), let path = String(encoded.dropFirst(2)).removingPercentEncoding else {
            throw Misfit(
                "of SQLite is sqlite:/// and the absolute path of the file, for example sqlite:///var/lib/s.db")
        }
        guard path.last != "/", !path.contains("?"), !path.contains("\0") else {
            throw Misfit("of SQLite must name a file and nothing else, for example sqlite:///var/lib/s.db")
        }
        return path
    }
}

extension DatabaseLocation: CustomStringConvertible {
    /// The URL, its password masked.
    public var description: String {
        switch self {
        case .postgres(let url): url.description
        case .sqlite(let path): "sqlite://\(path)"
        }
    }
}
