import Foundation
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

/// One system for all points, since servers are expensive.
@Suite(
    "Crashes and errors at every step", .serialized,
    .enabled(if: TestContainers.canStartServers, "needs PostgreSQL and RabbitMQ"))
struct FailPointTests {
    private static let environment = ["SCHEDULER_DISPATCHER_UNCLAIMED_SECONDS": "2"]

    @Test(
        "a process that dies or fails at any step from fire to finish loses no run and starts no attempt twice",
        arguments: [FailPointOrder.Action.crash, .error])
    func everyPoint(action: FailPointOrder.Action) async throws {
        try await DistributedSystem.run(environment: Self.environment, dispatchers: 1, workers: 1) { system in
            var course = try await CrashCourse(system, action)
            let result: Result<Void, any Error>
            do {
                try await lead(&course)
                try await check(course)
                result = .success(())
            } catch {
                result = .failure(TestFailure("\(error)\n\(await course.leftovers())\n\(course.logs)"))
            }
            await course.stop()
            try result.get()
        }
    }

    /// Each point once; the compiler asks about a new one.
    private func lead(_ course: inout CrashCourse) async throws {
        for point in FailPoint.allCases where isPossible(point, course) && !Self.needsBrokerAway.contains(point) {
            switch point {
            case .enqueueBeforeCommit, .enqueueAfterCommit:
                try await course.passAPI(at: point, "POST", "/api/tasks/\(course.work)/trigger")
            case .cancelBeforeCommit, .cancelAfterCommit: try await passAtCancel(point, &course)
            case .electAfterCommit, .fireBeforeCommit, .fireAfterCommit:
                try await course.pass("dispatcher", at: point, leads: true)
            case .recoverBeforeCommit, .recoverAfterCommit:
                try await course.pass("dispatcher", at: point, leads: true, losing: true)
            case .pickBeforeCommit, .pickAfterCommit, .pickAfterConfirm, .settleBeforeCommit, .settleAfterCommit,
                .settleAfterAcknowledge:
                try await course.pass("dispatcher", at: point)
            case .publishBeforeConfirm:
                for role in ["dispatcher", "worker"] { try await course.pass(role, at: point) }
            case .registerAfterCommit, .beatBeforeSend, .beatAfterAnswer, .claimBeforeCommit, .claimAfterCommit,
                .claimAfterAcknowledge, .executeBefore, .executeAfter, .reportBeforePublish, .reportAfterConfirm,
                .reportBeforeRelease:
                try await course.pass("worker", at: point)
            case .directPickBeforeCommit, .directPickAfterCommit: break
            }
        }
        try await course.system.broker.kill()
        for point in Self.needsBrokerAway { try await course.pass("worker", at: point) }
        try await course.system.broker.start()
    }

    private func isPossible(_ point: FailPoint, _ course: CrashCourse) -> Bool {
        course.action == .crash || point.canFail
    }

    private static let needsBrokerAway: [FailPoint] = [.directPickBeforeCommit, .directPickAfterCommit]

    /// A cancellation that was not committed never was; one that was committed is carried out though nobody was told.
    private func passAtCancel(_ point: FailPoint, _ course: inout CrashCourse) async throws {
        let system = course.system
        let task = try await system.api.createTask([
            "name": .string("long-\(point.rawValue)"), "executor": "shell", "command": "sleep 60",
        ])
        let run = try await course.trigger(task)
        @Sendable func status() async throws -> String? {
            try await system.api.data("GET", "/api/task-runs/\(run)")["status"]?.string
        }
        try await eventually("the run runs") { try await status() == "running" }
        try await course.passAPI(at: point, "POST", "/api/task-runs/\(run)/cancel")
        if point == .cancelBeforeCommit {
            #expect(try await status() == "running")
            _ = try await system.api.data("POST", "/api/task-runs/\(run)/cancel")
        }
        try await eventually("the run is cancelled") { try await status() == "cancelled" }
    }

    private func check(_ course: CrashCourse) async throws {
        let system = course.system
        try await course.stopTicking()
        let ticks = try await system.runsAtTheEnd(of: course.tick, within: .seconds(30))
        let work = try await system.runsAtTheEnd(of: course.work, within: .seconds(30))
        let runs = ticks + work
        #expect(runs.filter { $0["status"] != "completed" } == [])
        if course.action == .crash { #expect(runs.filter { $0["retry_count"] != 0 } == [], "no crash costs a retry") }

        let seconds = ticks.compactMap { $0["scheduled_at"]?.string.flatMap { UTCInstant($0) }?.secondsSinceEpoch }
            .sorted()
        #expect(seconds == Array(seconds[0]...seconds[seconds.count - 1]), "one run for each second, none twice")
        let ledger = try await system.postgres.control(
            "-Atc", "SELECT count(*), count(DISTINCT scheduled_at) FROM task_fires WHERE task_id = \(course.tick)")
        #expect(ledger == "\(seconds.count)|\(seconds.count)", "each fire time stands in the ledger once")

        let all = Set(runs.compactMap { $0["id"]?.string })
        let cancelled = try await system.api.data("GET", "/api/task-runs?status=cancelled&limit=500").array ?? []
        #expect(cancelled.count == 2)
        #expect(course.accepted.subtracting(all) == Set(cancelled.compactMap { $0["id"]?.string }))

        let starts = course.starts
        #expect(Set(starts).count == starts.count, "no attempt started twice")
        let last = runs.map { "\($0["id"]?.string ?? "") \($0["attempt"]?.integer ?? 0)" }
        #expect(Set(last).subtracting(starts) == [], "what is completed was done")
        #expect(Set(starts.compactMap { $0.split(separator: " ").first.map(String.init) }) == all)
        // Queues of lost workers go with what is in them.
        try await eventually("no message is left") {
            try await system.broker.control("-q", "list_queues", "name", "messages", "--no-table-headers")
                .split(separator: "\n").allSatisfy { $0.hasSuffix("\t0") || $0.hasPrefix("worker.") }
        }
        try await course.expectCleanEnds()
    }
}
