internal import SchedulerErrors

/// One field of a cron expression as it was written.
package struct CronField: Sendable, Hashable {
    package let kind: CronFieldKind
    package let text: String
    /// Its items, in the order of the text; at least one.
    package let items: [CronItem]

    init(parsing text: Substring, as kind: CronFieldKind) throws(SchedulerError) {
        self.kind = kind
        self.text = String(text)
        var items: [CronItem] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            items.append(try CronItemParser(kind: kind, item: item).parse())
            if item == "?", item.count != text.count {
                throw .invalid("schedule", "\(kind.name): \"\(text)\": \"?\" stands alone")
            }
        }
        self.items = items
    }

    /// Whether the text begins with `*` (or is `?`).
    package var beginsWithStar: Bool { text.hasPrefix("*") || text == "?" }

    /// Whether it is `*` or `?` alone.
    package var isUnrestricted: Bool { text == "*" || text == "?" }

    /// The values that its items allow by themselves, in rising order; days that depend on the month are not among them.
    package var values: [Int] { Set(items.flatMap { $0.values(in: kind) }).sorted() }

    /// Bit n is set where n is allowed; not for years.
    var bits: UInt64 {
        items.reduce(0) { bits, item in item.values(in: kind).reduce(bits) { $0 | 1 << UInt64($1) } }
    }
}
