import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let lateReportCases: [ContractCase] = [
        ContractCase("a report of an attempt that was started again is refused once, and noted with what it said") {
            data in
            let (_, worker, attempt) = try await data.started()
            _ = try await data.lose(worker)
            _ = try await data.start(on: try await data.worker())
            data.clock.advance(by: .seconds(3))
            let late = data.outcome(.failure(.system), of: attempt, on: worker, errorMessage: "exit code 7")
            data.clock.advance(by: .seconds(2))
            try expectEqual(try await data.store.runs.settle([late, late]), [.late, .ignored], "the settlements")
            try expectEqual(try await data.store.runs.settle([late]), [.ignored], "the settlement of a copy")
            let report = LateReport(
                attempt: attempt, worker: worker.id, ending: .failure, endedAt: late.endedAt,
                errorMessage: "exit code 7", reportedAt: data.clock.now)
            try expectEqual(try await data.store.lateReports.lateReports(of: attempt.run), [report], "the reports")
            try expectEqual(try await data.store.lateReports.countLateReports(), 1, "their number")
        },
        ContractCase("a report of a run that ended otherwise is noted, whatever it says") { data in
            let (_, worker, attempt) = try await data.started()
            _ = try await data.lose(worker)
            _ = try await data.store.runs.cancel(.runs([attempt.run]), tenant: .default, reason: "not needed")
            try expectEqual(try await data.run(attempt.run).status, .cancelled, "the status")
            data.clock.advance(by: .seconds(1))
            let late = data.outcome(.success, of: attempt, on: worker)
            try expectEqual(try await data.store.runs.settle([late]), [.late], "the settlement")
            try expectEqual(try await data.run(attempt.run).status, .cancelled, "the status afterwards")
            let reports = try await data.store.lateReports.lateReports(of: attempt.run)
            try expectEqual(reports.map(\.ending), [.success], "what the report said")
        },
        ContractCase("a copy of an outcome that was settled is no late report, however late it comes") { data in
            let (_, worker, first) = try await data.started(RetryPolicy(maxRetries: 3, delayMilliseconds: 0))
            let failure = data.outcome(.failure(.system), of: first, on: worker)
            _ = try await data.store.runs.settle([failure, failure])
            data.clock.advance(by: .seconds(1))
            _ = try await data.store.runs.settle([failure])
            let second = try require(try await data.start(on: worker).first, "the second attempt").attempt
            _ = try await data.store.runs.settle([failure])
            data.clock.advance(by: .seconds(1))
            let success = data.outcome(.success, of: second, on: worker)
            _ = try await data.store.runs.settle([success, success, failure])
            data.clock.advance(by: .seconds(1))
            try expectEqual(
                try await data.store.runs.settle([success, failure]), [.ignored, .ignored], "the settlements")
            try expectEqual(try await data.store.lateReports.countLateReports(), 0, "the late reports")
        },
        ContractCase("what is said of an unknown run, or of an attempt that never started, is not noted") { data in
            let (_, worker, attempt) = try await data.started()
            let unknown = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let ahead = RunAttempt(run: attempt.run, attempt: 2)
            let said = [unknown, ahead].map { data.outcome(.success, of: $0, on: worker) }
            try expectEqual(try await data.store.runs.settle(said), [.ignored, .ignored], "the settlements")
            try expectEqual(try await data.store.lateReports.countLateReports(), 0, "the late reports")
        },
        ContractCase("old late reports are deleted in steps, the oldest first") { data in
            let worker = try await data.worker(slots: 10)
            let task = try await data.task(.fixture(maxConcurrent: 0))
            _ = try await data.runs(3, of: task)
            let attempts = try await data.start(on: worker).map(\.attempt).sorted()
            _ = try await data.lose(worker)
            _ = try await data.start(on: try await data.worker(slots: 10))
            for attempt in attempts {
                data.clock.advance(by: .seconds(10))
                _ = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            }
            let reports = data.store.lateReports
            data.clock.advance(by: .seconds(85))
            try expectEqual(try await reports.deleteLateReports(olderThan: .seconds(100), limit: 9), 1, "the first")
            data.clock.advance(by: .seconds(60))
            try expectEqual(try await reports.deleteLateReports(olderThan: .seconds(100), limit: 1), 1, "one more")
            try expectEqual(try await reports.lateReports(of: attempts[2].run).count, 1, "the youngest")
            try expectEqual(try await reports.countLateReports(), 1, "what is left")
        },
    ]
}
