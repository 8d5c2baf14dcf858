import HTTPTypes
import Hummingbird
import NIOCore

/// What a request carries through the router.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    /// The connection that the request came over; nil where it came over none, as in tests of the router.
    let connection: (any Channel)?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        connection = source.channel.remoteAddress == nil ? nil : source.channel
    }
}

extension Request {
    /// The name of the request in logs and in the answer's `X-Request-Id`: the caller's where it is harmless, else ours.
    func requestID(ours: String) -> String {
        guard let theirs = headers[.xRequestID], (1...128).contains(theirs.utf8.count),
            theirs.utf8.allSatisfy({ byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            })
        else { return ours }
        return theirs
    }

    /// The `traceparent` of the request where it is well formed (W3C Trace Context, section 3.2); nil else.
    var traceContext: String? {
        guard let text = headers[.traceparent], text.utf8.count == 55 else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isHexadecimal = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard parts.map(\.utf8.count) == [2, 32, 16, 2], isHexadecimal, parts[0] != "ff" else { return nil }
        return text
    }
}

extension HTTPField.Name {
    static let xRequestID = valid("X-Request-Id")
    static let traceparent = valid("traceparent")

    static func valid(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("\(text) is not the name of a header") }
        return name
    }
}
