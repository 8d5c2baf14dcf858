import SchedulerDomain
import Testing

@Suite("Quarantine")
struct QuarantineTests {
    private func line(_ number: Int, _ text: String) -> LogLine {
        LogLine(number: number, time: .epoch, stream: .stdout, text: text)
    }

    @Test("tells the last lines, few and short")
    func lastLines() {
        let lines = (1...40).map { line($0, $0 == 40 ? String(repeating: "x", count: 5_000) : "line \($0)") }
        let told = Quarantine.message(crashes: 3, lastLines: lines).split(separator: "\n")
        #expect(told.first == "QUARANTINED: 3 workers were lost while they ran it; the last lines of its output:")
        #expect(told.dropFirst().first == "line 31")
        #expect(told.count == Quarantine.lines + 1)
        #expect(told.last?.count == 151)
    }

    @Test("says where a run had written nothing")
    func silent() {
        #expect(Quarantine.message(crashes: 3, lastLines: []).hasSuffix("it had written nothing"))
    }
}
