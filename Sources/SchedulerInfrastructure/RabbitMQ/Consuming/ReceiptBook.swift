import DequeModule

/// The deliveries of one channel that the broker waits to hear of.
///
/// It counts them from 1.
struct ReceiptBook {
    private enum Standing {
        case open
        /// The broker has not been told yet.
        case acknowledged
        case done
    }

    struct Acknowledgement: Equatable {
        var tag: UInt64
        /// Whether it stands for all before it too.
        var multiple: Bool
    }

    private var standings: Deque<Standing> = []
    private var firstTag: UInt64 = 1
    /// Acknowledged since the broker was last told.
    private var news: [UInt64] = []

    /// Whether the broker waits for nothing.
    var isEmpty: Bool { standings.allSatisfy { $0 == .done } }

    mutating func delivered() { standings.append(.open) }

    /// Notes an acknowledgement; one of a tag that is not open is ignored.
    mutating func acknowledge(_ tag: UInt64) {
        guard let index = openIndex(of: tag) else { return }
        standings[index] = .acknowledged
        news.append(tag)
    }

    /// Notes that a delivery goes back; false where it is not open.
    mutating func requeue(_ tag: UInt64) -> Bool {
        guard let index = openIndex(of: tag) else { return false }
        standings[index] = .done
        return true
    }

    /// Returns what to tell the broker: one message for the contiguous beginning, the others singly, since one slow
    /// delivery would hold back all that came after it (trap 11).
    mutating func takeAcknowledgements() -> [Acknowledgement] {
        defer { news.removeAll(keepingCapacity: true) }
        var acknowledgements: [Acknowledgement] = []
        var last: UInt64?
        var count = 0
        while let first = standings.first, first != .open {
            if first == .acknowledged {
                last = firstTag
                count += 1
            }
            standings.removeFirst()
            firstTag += 1
        }
        // The tag of a `multiple` must itself be unacknowledged, or the broker closes the channel (406).
        if let last { acknowledgements.append(Acknowledgement(tag: last, multiple: count > 1)) }
        for tag in news where tag >= firstTag {
            standings[Int(tag - firstTag)] = .done
            acknowledgements.append(Acknowledgement(tag: tag, multiple: false))
        }
        return acknowledgements
    }

    private func openIndex(of tag: UInt64) -> Int? {
        guard tag >= firstTag, tag - firstTag < UInt64(standings.count) else { return nil }
        let index = Int(tag - firstTag)
        return standings[index] == .open ? index : nil
    }
}
