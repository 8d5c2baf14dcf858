import SchedulerDomain

struct CallingRunLogRepository: RunLogRepository {
    let base: any RunLogRepository
    let calls: any PortCalls

    func append(_ chunks: [LogChunk]) async throws {
        try await calls.call("runLogs.append", changes: true) { try await base.append(chunks) }
    }

    func lines(_ read: LogRead) async throws -> [LogLine] {
        try await calls.call("runLogs.lines", changes: false) { try await base.lines(read) }
    }

    func setProgress(_ progress: [RunAttempt: Int]) async throws {
        try await calls.call("runLogs.setProgress", changes: true) { try await base.setProgress(progress) }
    }

    func deleteLogs(olderThan age: Duration, after position: LogPosition, limit: Int) async throws -> LogSweep {
        try await calls.call("runLogs.deleteLogs", changes: true) {
            try await base.deleteLogs(olderThan: age, after: position, limit: limit)
        }
    }
}

struct CallingWorkerRepository: WorkerRepository {
    let base: any WorkerRepository
    let calls: any PortCalls

    func register(_ worker: WorkerInfo) async throws {
        try await calls.call("workers.register", changes: true) { try await base.register(worker) }
    }

    func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        try await calls.call("workers.beat", changes: true) { try await base.beat(heartbeat) }
    }

    func requestDrain(of worker: WorkerID) async throws -> WorkerInfo? {
        try await calls.call("workers.requestDrain", changes: true) { try await base.requestDrain(of: worker) }
    }

    func leave(_ worker: WorkerID) async throws {
        try await calls.call("workers.leave", changes: true) { try await base.leave(worker) }
    }

    func find(_ worker: WorkerID) async throws -> WorkerInfo? {
        try await calls.call("workers.find", changes: false) { try await base.find(worker) }
    }

    func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        try await calls.call("workers.list", changes: false) {
            try await base.list(includingOffline: includingOffline, limit: limit)
        }
    }
}

struct CallingRecoveryRepository: RecoveryRepository {
    let base: any RecoveryRepository
    let calls: any PortCalls

    func heartbeats() async throws -> [WorkerID: Int64] {
        try await calls.call("recovery.heartbeats", changes: false) { try await base.heartbeats() }
    }

    func recover(silent: [WorkerID: Int64], term: LockLease) async throws -> Recovery {
        try await calls.call("recovery.recover", changes: true) { try await base.recover(silent: silent, term: term) }
    }

    func returnUnclaimed(olderThan age: Duration, term: LockLease) async throws -> Int {
        try await calls.call("recovery.returnUnclaimed", changes: true) {
            try await base.returnUnclaimed(olderThan: age, term: term)
        }
    }

    func endForgotten(after grace: Duration, leadingFor time: Duration, term: LockLease) async throws -> Recovery {
        try await calls.call("recovery.endForgotten", changes: true) {
            try await base.endForgotten(after: grace, leadingFor: time, term: term)
        }
    }
}

struct CallingDistributedLock: DistributedLock {
    let base: any DistributedLock
    let calls: any PortCalls

    func acquire(_ key: String, owner: String, timeToLive: Duration) async throws -> LockLease? {
        try await calls.call("locks.acquire", changes: true) {
            try await base.acquire(key, owner: owner, timeToLive: timeToLive)
        }
    }

    func extend(_ lease: LockLease, timeToLive: Duration) async throws -> Bool {
        try await calls.call("locks.extend", changes: true) { try await base.extend(lease, timeToLive: timeToLive) }
    }

    func release(_ lease: LockLease) async throws {
        try await calls.call("locks.release", changes: true) { try await base.release(lease) }
    }
}

struct CallingBackfillRepository: BackfillRepository {
    let base: any BackfillRepository
    let calls: any PortCalls

    func begin(_ backfill: Backfill) async throws -> Backfill {
        try await calls.call("backfills.begin", changes: true) { try await base.begin(backfill) }
    }

    func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) async throws -> BackfillStep {
        try await calls.call("backfills.add", changes: true) { try await base.add(runs, to: backfill, atMost: limit) }
    }

    func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws {
        try await calls.call("backfills.finish", changes: true) {
            try await base.finish(backfill, remainingFrom: remainingFrom)
        }
    }

    func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        try await calls.call("backfills.find", changes: false) { try await base.find(id, task: task, tenant: tenant) }
    }

    func cancel(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        try await calls.call("backfills.cancel", changes: true) {
            try await base.cancel(id, task: task, tenant: tenant)
        }
    }

    func cancelRuns(of backfill: RunID, limit: Int, reason: String) async throws -> Int {
        try await calls.call("backfills.cancelRuns", changes: true) {
            try await base.cancelRuns(of: backfill, limit: limit, reason: reason)
        }
    }

    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [BackfilledFire] {
        try await calls.call("backfills.fires", changes: false) {
            try await base.fires(of: task, in: range, limit: limit)
        }
    }
}

struct CallingZoneSettings: ZoneSettings {
    let base: any ZoneSettings
    let calls: any PortCalls

    func zoneProgress() async throws -> ZoneProgress? {
        try await calls.call("zoneSettings.zoneProgress", changes: false) { try await base.zoneProgress() }
    }

    func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks {
        try await calls.call("zoneSettings.upcoming", changes: false) {
            try await base.upcoming(after: last, limit: limit)
        }
    }

    func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID> {
        try await calls.call("zoneSettings.move", changes: true) {
            try await base.move(moves, progress: progress, term: term)
        }
    }
}

struct CallingTenantRepository: TenantRepository {
    let base: any TenantRepository
    let calls: any PortCalls

    func save(_ tenants: [Tenant]) async throws {
        try await calls.call("tenants.save", changes: true) { try await base.save(tenants) }
    }

    func find(_ ids: [TenantID]) async throws -> [Tenant] {
        try await calls.call("tenants.find", changes: false) { try await base.find(ids) }
    }
}

struct CallingDeadLetterRepository: DeadLetterRepository {
    let base: any DeadLetterRepository
    let calls: any PortCalls

    func add(_ letters: [ParkedLetter]) async throws -> Int {
        try await calls.call("deadLetters.add", changes: true) { try await base.add(letters) }
    }

    func deadLetters(before: Int64?, limit: Int) async throws -> Page<DeadLetter> {
        try await calls.call("deadLetters.deadLetters", changes: false) {
            try await base.deadLetters(before: before, limit: limit)
        }
    }

    func countDeadLetters() async throws -> Int {
        try await calls.call("deadLetters.countDeadLetters", changes: false) { try await base.countDeadLetters() }
    }

    func deleteDeadLetters(olderThan age: Duration, keeping most: Int, limit: Int) async throws -> Int {
        try await calls.call("deadLetters.deleteDeadLetters", changes: true) {
            try await base.deleteDeadLetters(olderThan: age, keeping: most, limit: limit)
        }
    }
}

struct CallingLateReportRepository: LateReportRepository {
    let base: any LateReportRepository
    let calls: any PortCalls

    func lateReports(of run: RunID) async throws -> [LateReport] {
        try await calls.call("lateReports.lateReports", changes: false) { try await base.lateReports(of: run) }
    }

    func countLateReports() async throws -> Int {
        try await calls.call("lateReports.countLateReports", changes: false) { try await base.countLateReports() }
    }

    func deleteLateReports(olderThan age: Duration, limit: Int) async throws -> Int {
        try await calls.call("lateReports.deleteLateReports", changes: true) {
            try await base.deleteLateReports(olderThan: age, limit: limit)
        }
    }
}
