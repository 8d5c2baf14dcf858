/// One page of a list in keyset order.
public struct Page<Element: Sendable>: Sendable {
    public var items: [Element]
    /// Whether another page follows.
    public var hasMore: Bool

    public init(items: [Element], hasMore: Bool) {
        self.items = items
        self.hasMore = hasMore
    }

    /// Makes a page of rows that were read one beyond `limit`.
    public init(rows: [Element], limit: Int) {
        self.init(items: Array(rows.prefix(limit)), hasMore: rows.count > limit)
    }

    public func map<Other: Sendable>(_ transform: (Element) throws -> Other) rethrows -> Page<Other> {
        Page<Other>(items: try items.map(transform), hasMore: hasMore)
    }
}
