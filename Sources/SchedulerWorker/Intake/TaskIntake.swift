import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Consumes one queue: claims the runs that its messages offer, and starts them.
///
/// A message is acknowledged right after its claim has committed, before the work starts, so none stays open while a
/// task runs; what was claimed is held before that, so that a cancellation finds it. A worker that stays full gives its
/// subscription up until a slot is free, so that messages it only holds go to workers that have one; so does a worker that
/// has to renew its lease first.
struct TaskIntake: Sendable {
    /// Two messages: while one is claimed the next is here already.
    private static let prefetch = 2
    /// How long a full worker waits for a slot before it gives its subscription up.
    private static let patience = Duration.milliseconds(100)

    let source: QueueName
    let queue: any MessageQueue
    let claims: ClaimRuns
    let claimed: ClaimedRuns
    let held: HeldAttempts
    let slots: Slots
    let keeper: OutcomeKeeper
    let gate: IntakeGate
    let fence: WorkerFence
    let life: Latch<LifeEnd>
    let logger: Logger

    /// Consumes until the gate closes or the task is cancelled.
    func run() async {
        var backoff = Backoff(base: .milliseconds(10))
        while !Task.isCancelled, !gate.isClosed {
            await waitForRoom()
            do {
                let subscription = try await queue.subscribe(to: source, prefetch: TaskIntake.prefetch)
                if await consume(subscription) {
                    backoff.reset()
                    continue
                }
            } catch {
                logger.debug("\(source) cannot be consumed: \(String(reflecting: error))")
            }
            do { try await MonotonicClock.sleep(for: backoff.next()) } catch { return }
        }
    }

    /// The queue of this worker alone stays subscribed, since commands come through it.
    private func waitForRoom() async {
        while !gate.isClosed, !Task.isCancelled, !fence.isOpen(at: MonotonicClock.now) {
            try? await MonotonicClock.sleep(for: TaskIntake.patience)
        }
        guard case .tasks = source else { return }
        while !gate.isClosed, !Task.isCancelled, !hasRoom {
            await slots.waitUntilFree()
            if keeper.isFull { try? await MonotonicClock.sleep(for: TaskIntake.patience) }
        }
    }

    private var hasRoom: Bool { slots.free > 0 && !keeper.isFull }

    /// - Returns: whether anything was delivered.
    private func consume(_ subscription: any QueueSubscription) async -> Bool {
        var hasDelivered = false
        if let number = gate.enter(subscription) {
            // Bounded by the prefetch.
            await withDiscardingTaskGroup { group in
                for await batch in subscription.deliveries {
                    hasDelivered = true
                    for delivery in batch { group.addTask { await handle(delivery, of: subscription) } }
                }
            }
            gate.leave(number)
        }
        await subscription.cancel()
        return hasDelivered
    }

    private func handle(_ delivery: Delivery, of subscription: any QueueSubscription) async {
        let message: IncomingMessage
        do {
            message = try MessageDecoder.decode(delivery.body)
        } catch {
            logger.warning("A message on \(source) is parked: \(error)")
            return await subscription.park(delivery, reason: "\(error)")
        }
        switch message.content {
        case .taskExecution(let attempts): await offer(attempts, by: delivery, of: subscription)
        case .systemCommand(.cancel(let runs)):
            held.stopRuns(runs, .cancelRequested)
            await subscription.acknowledge([delivery])
        default:
            await subscription.park(delivery, reason: "a worker has no use for \(message.envelope.type.rawValue) here")
        }
    }

    private func offer(
        _ attempts: [RunAttempt], by delivery: Delivery, of subscription: any QueueSubscription
    ) async {
        guard await isWorthClaiming(subscription) else { return }
        let taken = hasRoom && !gate.isClosed ? slots.take(upTo: attempts.count) : 0
        do {
            let runs = try await claims.claim(
                Array(attempts.prefix(taken)), givingBack: Array(attempts.dropFirst(taken)))
            let admitted = claimed.admit(runs, takenSlots: taken)
            await subscription.acknowledge([delivery])
            try? await FailPoint.hit(.claimAfterAcknowledge)
            claimed.start(admitted)
        } catch let error as SchedulerError where error.code == .lockLost {
            slots.release(taken)
            fence.takeAway(at: MonotonicClock.now)
            life.fire(.lost)
        } catch is CancellationError {
            slots.release(taken)
        } catch {
            // The message is a hint; what it named is offered again when nobody has claimed it for a while.
            slots.release(taken)
            logger.error("A claim failed for good, its message is parked: \(String(reflecting: error))")
            await subscription.park(delivery, reason: "the claim failed: \(error)")
        }
    }

    /// Waits a moment for a slot.
    ///
    /// Where none comes, a shared queue gets its messages back with the subscription; what came through the worker's
    /// own queue is given back by a claim of nothing.
    private func isWorthClaiming(_ subscription: any QueueSubscription) async -> Bool {
        guard fence.isOpen(at: MonotonicClock.now) else {
            await subscription.cancel()
            return false
        }
        guard !hasRoom, case .tasks = source else { return true }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await slots.waitUntilFree() }
            group.addTask { try? await MonotonicClock.sleep(for: TaskIntake.patience) }
            await group.next()
            group.cancelAll()
        }
        if hasRoom { return true }
        await subscription.cancel()
        return false
    }
}
