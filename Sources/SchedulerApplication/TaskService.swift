public import SchedulerDomain
public import SchedulerFoundation

/// Everything that can be done with tasks and their runs, in one place: what the API calls, and what a service that
/// embeds the scheduler calls instead of it.
///
/// Each property is a use case and is called like a function: `try await service.pause(id)`.
public struct TaskService: Sendable {
    public let create: CreateTask
    public let update: UpdateTask
    public let delete: DeleteTask
    public let find: FindTask
    public let list: ListTasks
    public let pause: PauseTask
    public let resume: ResumeTask
    public let trigger: TriggerTask
    public let triggerBatch: TriggerBatch
    public let fires: ListFires
    public let backfill: BackfillTask
    public let findBackfill: FindBackfill
    public let cancelBackfill: CancelBackfill
    public let findRun: FindRun
    public let listRuns: ListRuns
    public let cancelRun: CancelRun
    public let readLog: ReadRunLog
    public let listAttempts: ListAttempts
    public let findWorkflow: FindWorkflow
    public let cancelWorkflow: CancelWorkflow
    public let explainRun: ExplainRun
    public let listWorkers: ListWorkers
    public let findWorker: FindWorker
    public let drainWorker: DrainWorker
    public let previewSchedule: PreviewSchedule
    public let systemStats: SystemStats
    public let listDeadLetters: ListDeadLetters
    /// The time zones that schedules are read with.
    public let zones: any ZoneCatalog

    /// - Parameters:
    ///   - clock: the clock that stamps the ids of triggered runs; fire times go by the store's own.
    ///   - decider: decides fire times that are due when a task is changed.
    ///   - backfillRunsPerSecond: how many runs of one backfill fall due in a second.
    ///   - drainsWorkers: whether a worker may be asked to leave; not where its process would end with it.
    public init(
        store: any SchedulerStore,
        clock: any SchedulerClock = SystemClock(),
        decider: FireTimesDecider = FireTimesDecider(),
        backfillRunsPerSecond: Int = 10,
        drainsWorkers: Bool = true
    ) {
        let enqueue = EnqueueRuns(runs: store.runs, wakeUps: store.wakeUps)
        create = CreateTask(store: store, zones: decider.zones)
        update = UpdateTask(store: store, decider: decider)
        delete = DeleteTask(tasks: store.tasks, wakeUps: store.wakeUps)
        find = FindTask(tasks: store.tasks)
        list = ListTasks(tasks: store.tasks)
        pause = PauseTask(store: store, decider: decider)
        resume = ResumeTask(store: store, decider: decider)
        trigger = TriggerTask(store: store, enqueue: enqueue, clock: clock)
        triggerBatch = TriggerBatch(tasks: store.tasks, enqueue: enqueue, clock: clock)
        fires = ListFires(store: store, zones: decider.zones)
        backfill = BackfillTask(
            store: store, zones: decider.zones, clock: clock, runsPerSecond: backfillRunsPerSecond)
        findBackfill = FindBackfill(store: store)
        cancelBackfill = CancelBackfill(store: store)
        findRun = FindRun(runs: store.runs)
        listRuns = ListRuns(runs: store.runs)
        cancelRun = CancelRun(runs: store.runs, wakeUps: store.wakeUps)
        readLog = ReadRunLog(store: store)
        listAttempts = ListAttempts(runs: store.runs, lateReports: store.lateReports)
        findWorkflow = FindWorkflow(runs: store.runs)
        cancelWorkflow = CancelWorkflow(runs: store.runs, wakeUps: store.wakeUps)
        explainRun = ExplainRun(runs: store.runs)
        listWorkers = ListWorkers(workers: store.workers)
        findWorker = FindWorker(workers: store.workers)
        drainWorker = DrainWorker(workers: store.workers, wakeUps: store.wakeUps, isAllowed: drainsWorkers)
        previewSchedule = PreviewSchedule(store: store, zones: decider.zones)
        systemStats = SystemStats(store: store)
        listDeadLetters = ListDeadLetters(deadLetters: store.deadLetters)
        zones = decider.zones
    }
}

/// The other documented name of the facade.
public typealias TaskControlService = TaskService
