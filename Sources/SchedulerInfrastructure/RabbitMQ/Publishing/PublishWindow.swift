import DequeModule

/// The publishes that wait for their confirm, by delivery tag: the broker counts them from 1 on each channel.
struct PublishWindow {
    private var items: Deque<PublishItem?> = []
    private var firstTag: UInt64 = 1
    /// How many are unconfirmed.
    private(set) var count = 0

    /// Adds the next publish and returns its tag.
    mutating func add(_ item: PublishItem) -> UInt64 {
        items.append(item)
        count += 1
        return firstTag + UInt64(items.count - 1)
    }

    /// Notes that a message came back; its confirm follows (spike: 100 of 100).
    mutating func markReturned(_ tag: UInt64) {
        guard let index = index(of: tag) else { return }
        items[index]?.isReturned = true
    }

    /// Removes and returns what the broker has answered for: one publish, or all up to it.
    mutating func settle(_ tag: UInt64, multiple: Bool) -> [PublishItem] {
        var settled: [PublishItem] = []
        if multiple {
            while let first = items.first, firstTag <= tag {
                if let first { settled.append(first) }
                removeFirst()
            }
        } else if let index = index(of: tag), let item = items[index] {
            items[index] = nil
            settled.append(item)
        }
        while case .some(nil) = items.first { removeFirst() }
        count -= settled.count
        return settled
    }

    /// Removes and returns all; the next channel counts from 1 again.
    mutating func reset() -> [PublishItem] {
        defer { self = PublishWindow() }
        return items.compactMap(\.self)
    }

    private mutating func removeFirst() {
        items.removeFirst()
        firstTag += 1
    }

    private func index(of tag: UInt64) -> Int? {
        guard tag >= firstTag, tag - firstTag < UInt64(items.count) else { return nil }
        return Int(tag - firstTag)
    }
}
