package import SchedulerDomain

/// Writes JSON text straight into bytes: answers are built by hand, since they stand in hot paths (lists of 500 runs,
/// batches of 1,000).
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(capacity: Int = 1_024) { bytes.reserveCapacity(capacity) }

    /// Writes an object whose members `body` writes.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    /// Writes a list whose elements `body` writes.
    package mutating func list<Element>(_ elements: some Sequence<Element>, _ body: (inout JSONWriter, Element) -> Void)
    {
        open(UInt8(ascii: "["))
        for element in elements { body(&self, element) }
        close(UInt8(ascii: "]"))
    }

    /// Writes a member's name; a value must follow.
    package mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
        needsComma = false
    }

    /// Writes a member's name that is only known at run time; a value must follow.
    package mutating func name(escaping name: String) {
        separate()
        JSONValue.write(name, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func value(_ text: String?) {
        guard let text else { return null() }
        separate()
        JSONValue.write(text, into: &bytes)
        needsComma = true
    }

    package mutating func value(_ number: (some BinaryInteger)?) {
        guard let number else { return null() }
        raw(String(number).utf8)
    }

    package mutating func value(_ flag: Bool) { raw((flag ? "true" : "false").utf8) }

    package mutating func value(_ json: JSONValue?) {
        guard let json else { return null() }
        separate()
        json.write(into: &bytes)
        needsComma = true
    }

    /// Writes an instant as RFC 3339 text.
    package mutating func value(_ instant: UTCInstant?) { value(instant?.description) }

    package mutating func null() { raw("null".utf8) }

    // MARK: - Members

    package mutating func field(_ name: StaticString, _ text: String?) {
        self.name(name)
        value(text)
    }

    package mutating func field(_ name: StaticString, _ number: (some BinaryInteger)?) {
        self.name(name)
        value(number)
    }

    package mutating func field(_ name: StaticString, _ flag: Bool) {
        self.name(name)
        value(flag)
    }

    package mutating func field(_ name: StaticString, _ json: JSONValue?) {
        self.name(name)
        value(json)
    }

    package mutating func field(_ name: StaticString, _ instant: UTCInstant?) {
        self.name(name)
        value(instant)
    }

    package mutating func field(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        list(texts) { $0.value($1) }
    }

    /// Writes a member whose value is an object of texts, in the order of its keys.
    package mutating func field(_ name: StaticString, _ texts: [String: String]) {
        self.name(name)
        object { writer in
            for (key, text) in texts.sorted(by: { $0.key < $1.key }) {
                writer.name(escaping: key)
                writer.value(text)
            }
        }
    }

    // MARK: - Bytes

    /// Returns what is written so far and forgets it, so that a long text need not be whole in memory.
    package mutating func drain() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func raw(_ text: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: text)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }
}
