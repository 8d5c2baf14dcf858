import SchedulerDomain

/// Writes the members of one JSON object straight to bytes; the hot messages go through it and no encoder.
struct JSONObjectWriter {
    private var bytes: [UInt8]
    private var isFirst = true

    fileprivate init(_ bytes: consuming [UInt8]) {
        self.bytes = bytes
        self.bytes.append(UInt8(ascii: "{"))
    }

    fileprivate consuming func end() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// - Parameter name: plain ASCII, nothing that JSON escapes.
    mutating func member(_ name: StaticString, writtenBy write: (inout [UInt8]) -> Void) {
        bytes.append(UInt8(ascii: isFirst ? "\"" : ","))
        if !isFirst { bytes.append(UInt8(ascii: "\"")) }
        isFirst = false
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        write(&bytes)
    }

    mutating func member(_ name: StaticString, _ text: String?) {
        member(name) { bytes in
            if let text { JSONValue.write(text, into: &bytes) } else { bytes.append(contentsOf: "null".utf8) }
        }
    }

    /// Text that holds nothing to escape: identifiers and times.
    mutating func member(_ name: StaticString, plain text: String) {
        member(name) { bytes in
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: text.utf8)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    mutating func member(_ name: StaticString, _ number: some BinaryInteger) {
        member(name) { $0.append(contentsOf: String(number).utf8) }
    }

    mutating func member(_ name: StaticString, _ instant: UTCInstant?) {
        if let instant {
            member(name, plain: instant.description)
        } else {
            member(name) { $0.append(contentsOf: "null".utf8) }
        }
    }
}

extension [UInt8] {
    /// Appends a JSON object.
    mutating func writeObject(_ body: (inout JSONObjectWriter) -> Void) {
        // Moved in and out, so that there is one owner and appending never copies.
        let moved = self
        self = []
        var writer = JSONObjectWriter(consume moved)
        body(&writer)
        self = writer.end()
    }

    /// Appends a JSON list.
    mutating func writeList<Item>(_ items: some Sequence<Item>, _ write: (Item, inout [UInt8]) -> Void) {
        append(UInt8(ascii: "["))
        var isFirst = true
        for item in items {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            write(item, &self)
        }
        append(UInt8(ascii: "]"))
    }
}
