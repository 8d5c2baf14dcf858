import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import Testing

@Suite("Page cursor")
struct PageCursorTests {
    private static let run = PageCursor.run(RunID(bits: 0x0193_5000_0000_7000_8000_0000_0000_0001))

    @Test(
        "a cursor is read back as it was written",
        arguments: [PageCursor.task(TaskID(1)), .task(TaskID(.max)), run])
    func roundTrip(cursor: PageCursor) throws {
        #expect(try PageCursor(cursor.text) == cursor)
        #expect(!cursor.text.contains { $0 == "+" || $0 == "/" || $0 == "=" })
    }

    @Test("a cursor with any one character changed is refused")
    func damageIsRefused() {
        let text = Array(PageCursorTests.run.text)
        for index in text.indices {
            var damaged = text
            damaged[index] = damaged[index] == "A" ? "B" : "A"
            #expect(throws: SchedulerError.self) { try PageCursor(String(damaged)) }
        }
    }

    @Test(
        "text that is no cursor is refused",
        arguments: ["", "A", "1", "ä", "AAAAAAAA", "=", String(repeating: "A", count: 65)])
    func otherTextIsRefused(text: String) {
        let error = #expect(throws: SchedulerError.self) { try PageCursor(text) }
        #expect(error?.faults.map(\.field) == ["cursor"])
    }
}
