import Testing

@testable import SchedulerInfrastructure

@Suite("Receipts")
struct ReceiptBookTests {
    private typealias Acknowledgement = ReceiptBook.Acknowledgement

    private func book(_ count: Int) -> ReceiptBook {
        var book = ReceiptBook()
        for _ in 0..<count { book.delivered() }
        return book
    }

    @Test("a contiguous beginning is acknowledged in one message")
    func prefix() {
        var book = book(5)
        for tag in [UInt64(3), 1, 2] { book.acknowledge(tag) }
        let told1 = book.takeAcknowledgements()
        #expect(told1 == [Acknowledgement(tag: 3, multiple: true)])
        let told2 = book.takeAcknowledgements()
        #expect(told2 == [])
    }

    @Test("what follows an open delivery is acknowledged singly")
    func gap() {
        var book = book(5)
        for tag in [UInt64(1), 3, 5] { book.acknowledge(tag) }
        let told3 = book.takeAcknowledgements()
        #expect(
            told3 == [
                Acknowledgement(tag: 1, multiple: false), Acknowledgement(tag: 3, multiple: false),
                Acknowledgement(tag: 5, multiple: false),
            ])
    }

    @Test("a message for several ends at a delivery that the broker still waits for")
    func closedGap() {
        var book = book(5)
        book.acknowledge(3)
        let told4 = book.takeAcknowledgements()
        #expect(told4 == [Acknowledgement(tag: 3, multiple: false)])
        book.acknowledge(1)
        book.acknowledge(2)
        // Not 3, though the beginning reaches that far: it is settled already.
        let told5 = book.takeAcknowledgements()
        #expect(told5 == [Acknowledgement(tag: 2, multiple: true)])
        book.acknowledge(4)
        let told6 = book.takeAcknowledgements()
        #expect(told6 == [Acknowledgement(tag: 4, multiple: false)])
    }

    @Test("a requeued delivery is settled once, and is not acknowledged with others")
    func requeue() {
        var book = book(3)
        let attempts = [book.requeue(2), book.requeue(2)]
        #expect(attempts == [true, false])
        book.acknowledge(2)
        book.acknowledge(1)
        book.acknowledge(3)
        let told7 = book.takeAcknowledgements()
        #expect(told7 == [Acknowledgement(tag: 3, multiple: true)])
    }

    @Test("tags that were never delivered are ignored")
    func unknown() {
        var book = book(1)
        book.acknowledge(0)
        book.acknowledge(2)
        let isOpen = book.requeue(.max)
        #expect(!isOpen)
        let told8 = book.takeAcknowledgements()
        #expect(told8 == [])
    }
}
