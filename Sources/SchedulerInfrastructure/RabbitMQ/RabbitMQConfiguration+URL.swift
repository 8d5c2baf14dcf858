import SchedulerErrors

extension RabbitMQConfiguration {
    /// Reads `amqp://user:password@host:port,host:port/virtual-host`; `amqps` means TLS.
    ///
    /// Absent parts are `guest`, port 5672 (5671 with TLS) and the virtual host `/`.
    ///
    /// - Throws: `configuration`, naming `RABBITMQ_URL`. The message shows no part of the URL: where a password holds an
    ///   unescaped `/` or `@`, any part may be a piece of it.
    /// - SeeAlso: "RabbitMQ URI Specification", rabbitmq.com.
    public init(url: String) throws {
        let rest: Substring
        let isSecure: Bool
        if let stripped = url.strippingPrefix("amqp://") {
            (rest, isSecure) = (stripped, false)
        } else if let stripped = url.strippingPrefix("amqps://") {
            (rest, isSecure) = (stripped, true)
        } else {
            throw SchedulerError.rabbitMQURL("must begin with amqp:// or amqps://")
        }
        let withoutQuery = rest.prefix { $0 != "?" && $0 != "#" }
        guard withoutQuery.count == rest.count else {
            throw SchedulerError.rabbitMQURL("takes no parameters after \"?\"")
        }
        let authority = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(authority.count + 1)
        let at = authority.lastIndex(of: "@")
        let credentials = at.map { authority[..<$0] } ?? ""
        let hostList = at.map { authority[authority.index(after: $0)...] } ?? authority
        let hosts = try hostList.split(separator: ",", omittingEmptySubsequences: false).enumerated().map {
            try Host($1, number: $0 + 1, defaultPort: isSecure ? 5_671 : 5_672)
        }
        let name = credentials.prefix { $0 != ":" }
        let secret = credentials.dropFirst(name.count + 1)
        self.init(
            hosts: hosts,
            virtualHost: path.isEmpty ? "/" : try decoded(path, "virtual host"),
            user: name.isEmpty ? "guest" : try decoded(name, "user"),
            password: Secret(credentials.isEmpty ? "guest" : try decoded(secret, "password")),
            tls: isSecure ? TLS() : nil)
    }
}

extension RabbitMQConfiguration.Host {
    /// `name`, `name:port`, `[IPv6]` or `[IPv6]:port`.
    fileprivate init(_ text: Substring, number: Int, defaultPort: Int) throws {
        let name: Substring
        let rest: Substring
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else {
                throw SchedulerError.rabbitMQURL("has no closing bracket in host \(number)")
            }
            name = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else {
            name = text.prefix { $0 != ":" }
            rest = text[name.endIndex...]
        }
        guard !name.isEmpty else { throw SchedulerError.rabbitMQURL("has no name in host \(number)") }
        guard !rest.isEmpty else {
            self.init(name: String(name), port: defaultPort)
            return
        }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else {
            throw SchedulerError.rabbitMQURL(
                "has a port in host \(number) that is no number from 1 to 65535; "
                    + "special characters in user and password are percent-encoded")
        }
        self.init(name: String(name), port: Int(port))
    }
}

/// Decodes percent-encoding (RFC 3986, section 2.1).
private func decoded(_ text: Substring, _ part: String) throws -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        let digits = rest.prefix(2)
        guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw SchedulerError.rabbitMQURL("has a \"%\" in its \(part) that two hexadecimal digits do not follow")
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    guard let result = String(validating: bytes, as: UTF8.self), !result.utf8.contains(0) else {
        throw SchedulerError.rabbitMQURL("has a \(part) that is not UTF-8 text")
    }
    return result
}

extension SchedulerError {
    fileprivate static func rabbitMQURL(_ fault: String) -> SchedulerError {
        SchedulerError(.configuration, "RABBITMQ_URL \(fault)")
    }
}

extension String {
    fileprivate func strippingPrefix(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
