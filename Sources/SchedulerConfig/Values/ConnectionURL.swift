/// The URL of a server, which may hold a password; whatever is printed of it is masked.
///
/// The form is that of libpq and RabbitMQ: `scheme://user:password@host:port,host:port/path?key=value`, special
/// characters percent-encoded. A URL that could be read in two ways is refused, so that masking hides the right part.
public struct ConnectionURL: Sendable, Hashable {
    static let postgres = ["postgres", "postgresql"]
    static let rabbitMQ = ["amqp", "amqps"]

    /// The whole URL with its password, for the driver alone.
    public let secretText: String
    /// The same with every password replaced.
    private let maskedText: String
    /// Whether a password stands in it, before the host or in the query.
    public let hasPassword: Bool

    /// Checks the form of a URL.
    ///
    /// - Throws: a misfit that says what is wrong and never shows the URL.
    init(parsing text: String, schemes: [String]) throws(Misfit) {
        guard let separator = text.firstRange(of: "://"), schemes.contains(text[..<separator.lowerBound].lowercased())
        else {
            throw Misfit("must begin with " + schemes.map { "\($0)://" }.joined(separator: " or "))
        }
        guard text.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value != 127 }) else {
            throw Misfit("holds a space or a control character; write it percent-encoded (%20)")
        }
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let (path, query) = rest.dropFirst(authority.count).splitOnce(at: "?")
        guard !path.contains("@") else { throw Misfit(Self.ambiguous) }
        let at = authority.lastIndex(of: "@")
        let user = at.map { authority[..<$0] } ?? ""
        let hosts = at.map { authority[authority.index(after: $0)...] } ?? authority
        guard !user.contains("@") else { throw Misfit(Self.ambiguous) }
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) { try Self.checkPort(of: host) }
        let (name, password) = user.splitOnce(at: ":")
        let items = query?.split(separator: "&").map(Self.maskedItem) ?? []
        secretText = text
        hasPassword = password?.isEmpty == false || items.contains { $0.hadPassword }
        maskedText =
            text[..<separator.upperBound] + name + (password == nil ? "" : ":***") + (at == nil ? "" : "@") + hosts
            + path
            + (query == nil ? "" : "?" + items.map(\.text).joined(separator: "&"))
    }

    private static let ambiguous =
        "holds an @ or another special character that must be percent-encoded (@ is %40, : is %3A, / is %2F)"

    private static func checkPort(of host: Substring) throws(Misfit) {
        // An IPv6 address stands in brackets, so a colon behind them begins the port.
        let afterAddress = host.lastIndex(of: "]").map { host[host.index(after: $0)...] } ?? host
        guard let port = afterAddress.splitOnce(at: ":").1, !port.isEmpty else { return }
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw Misfit(
                "has a port that is no number from 1 to 65535; special characters in a password must be "
                    + "percent-encoded (@ is %40, : is %3A, / is %2F)")
        }
    }

    private static func maskedItem(_ item: Substring) -> (text: String, hadPassword: Bool) {
        let (key, value) = item.splitOnce(at: "=")
        guard key.lowercased().contains("password"), let value, !value.isEmpty else { return (String(item), false) }
        return ("\(key)=***", true)
    }
}

extension ConnectionURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { maskedText }
    public var debugDescription: String { maskedText }
    public var customMirror: Mirror { Mirror(self, children: ["url": maskedText]) }
}
