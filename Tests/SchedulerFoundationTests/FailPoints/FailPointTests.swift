import Foundation
import SchedulerErrors
import Testing

@testable import SchedulerFoundation

@Suite("Fail points")
struct FailPointTests {
    @Test("an order names a point, an action and a hit, by default the first")
    func parsing() throws {
        let first = try FailPointOrder(parsing: "claim.after-commit:crash")
        #expect(first.point == .claimAfterCommit)
        #expect(first.action == .crash)
        #expect(first.hit == 1)
        let third = try FailPointOrder(parsing: "fire.before-commit:error:3")
        #expect(third.description == "fire.before-commit:error:3")
    }

    @Test(
        "a wrong order is refused in one sentence that names the variable and what is wrong",
        arguments: [
            ("", "of the form"), ("claim.after-commit", "of the form"), ("claim.after-commit:crash:1:2", "of the form"),
            ("claim.afterwards:crash", "there is no fail point \"claim.afterwards\""),
            ("claim.after-commit:explode", "\"explode\" is no action"),
            ("claim.after-commit:crash:0", "\"0\""), ("claim.after-commit:crash:x", "\"x\""),
            ("claim.after-acknowledge:error", "nobody hears an error"),
        ])
    func refusal(text: String, reason: String) {
        let error = #expect(throws: SchedulerError.self) { _ = try FailPointOrder(parsing: text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasPrefix("SCHEDULER_FAILPOINT: ") == true)
        #expect(error?.message.contains(reason) == true)
        #expect(error?.message.contains("\n") == false)
    }

    @Test("it acts at the n-th hit of its point, once")
    func counting() throws {
        var counter = FailPointCounter(try FailPointOrder(parsing: "claim.after-commit:error:2"))
        #expect(counter.action(at: .claimBeforeCommit) == nil)
        #expect(counter.action(at: .claimAfterCommit) == nil)
        #expect(counter.action(at: .claimBeforeCommit) == nil)
        #expect(counter.action(at: .claimAfterCommit) == .error)
        #expect(counter.action(at: .claimAfterCommit) == nil)
    }

    @Test("an error before a commit says that nothing was done, one behind it that nobody knows")
    func errors() {
        #expect(FailPoint.settleBeforeCommit.isOutcomeKnown)
        #expect(FailPoint.reportBeforePublish.isOutcomeKnown)
        #expect(!FailPoint.settleAfterCommit.isOutcomeKnown)
        #expect(!FailPoint.beatAfterAnswer.isOutcomeKnown)
    }

    @Test("docs/fail-points.md has a row for each point, in their order")
    func documentation() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/fail-points.md"), encoding: .utf8)
        let names = text.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("| `") else { return nil }
            return line.split(separator: "`").dropFirst().first.map(String.init)
        }
        #expect(names.filter { $0.contains(".") } == FailPoint.allCases.map(\.rawValue))
    }

    /// One test, since a process has one armed point.
    @Test("an armed point fails or hangs once, in a task until that is cancelled, and others pass by")
    func arming() async throws {
        FailPoint.arm(try FailPointOrder(parsing: "cancel.after-commit:error"))
        try await FailPoint.hit(.cancelBeforeCommit)
        let error = await #expect(throws: SchedulerError.self) { try await FailPoint.hit(.cancelAfterCommit) }
        #expect(error?.code == .outcomeUnknown)
        try await FailPoint.hit(.cancelAfterCommit)

        FailPoint.arm(try FailPointOrder(parsing: "cancel.before-commit:hang"))
        let hanging = Task { try await FailPoint.hit(.cancelBeforeCommit) }
        hanging.cancel()
        await #expect(throws: CancellationError.self) { try await hanging.value }
        FailPoint.arm(nil)
        try await FailPoint.hit(.cancelBeforeCommit)
    }
}
