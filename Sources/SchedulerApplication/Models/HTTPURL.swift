/// An absolute http or https URL in printable ASCII, so that it can neither split a header nor look like another host to
/// another reader.
package struct HTTPURL: Sendable, Hashable {
    package let text: String
    /// Scheme, host, and port where it is not the scheme's own: what may be shown and compared.
    package let origin: String
    /// From the first slash to the query or fragment.
    package let path: String

    package init(_ text: String) throws(HTTPURLFault) {
        guard text.utf8.count <= 8_192, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else {
            throw HTTPURLFault(
                "must be printable ASCII without spaces, at most 8192 characters; percent-encode everything else")
        }
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else {
            throw HTTPURLFault("must begin with http:// or https://")
        }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else {
            throw HTTPURLFault("must not hold a user name or password; send them in headers")
        }
        guard HTTPURL.isHostAndPort(authority) else { throw HTTPURLFault("names no valid host and port") }
        self.text = text
        let ownPort = scheme == "http://" ? ":80" : ":443"
        let shown = authority.hasSuffix(ownPort) ? authority.dropLast(ownPort.count) : authority
        origin = scheme + shown.lowercased()
        path = String(text.dropFirst(scheme.count + authority.count).prefix { $0 != "?" && $0 != "#" })
    }

    private static func isHostAndPort(_ authority: Substring) -> Bool {
        var rest = authority
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]"), end > rest.index(after: rest.startIndex) else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            let host = rest.prefix { $0 != ":" }
            guard !host.isEmpty else { return false }
            rest = rest[host.endIndex...]
        }
        if rest.isEmpty { return true }
        guard rest.first == ":", let port = Int(rest.dropFirst()), rest.dropFirst().allSatisfy(\.isNumber)
        else { return false }
        return (1...65_535).contains(port)
    }
}

/// Why a text is no URL that may be called, in words that follow the field's name.
package struct HTTPURLFault: Error, Sendable, Hashable {
    package let message: String

    init(_ message: String) { self.message = message }
}
