/// Shows the reports that `TaskRunRepository.settle` refused as late.
public protocol LateReportRepository: Sendable {
    /// Returns the late reports of a run, in the order of the attempts.
    func lateReports(of run: RunID) async throws -> [LateReport]

    /// How many are kept.
    func countLateReports() async throws -> Int

    /// Deletes reports that were refused longer than `age` ago, the oldest first.
    ///
    /// - Parameter limit: the most that one call deletes, so that it is short.
    /// - Returns: how many.
    func deleteLateReports(olderThan age: Duration, limit: Int) async throws -> Int
}
