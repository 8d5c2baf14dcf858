#if DEBUG || SCHEDULER_FAILPOINTS
    private import Glibc
    private import SchedulerErrors
    private import Synchronization

    extension FailPoint {
        /// Whether this build has fail points at all.
        public static let isCompiledIn = true

        private static let armed = Mutex<FailPointCounter?>(nil)

        /// Arms one point of this process; nil disarms.
        public static func arm(_ order: FailPointOrder?) { armed.withLock { $0 = order.map(FailPointCounter.init) } }

        /// Comes by a point in a task; does nothing unless it is armed.
        ///
        /// - Throws: `unavailable` or `outcomeUnknown` as ordered, `CancellationError` where it hung until then.
        public static func hit(_ point: FailPoint) async throws {
            switch action(at: point) {
            case nil: return
            case .crash: point.crash()
            case .error: throw point.error
            case .hang: while true { try await Task.sleep(for: .seconds(3_600)) }
            }
        }

        /// Comes by a point on a thread of our own, which a hang holds until the process ends.
        public static func hit(_ point: FailPoint) throws {
            switch action(at: point) {
            case nil: return
            case .crash: point.crash()
            case .error: throw point.error
            case .hang: while true { pause() }
            }
        }

        /// Says what comes now by the shortest way, since after a crash nothing says it.
        private static func action(at point: FailPoint) -> FailPointOrder.Action? {
            guard let action = armed.withLock({ $0?.action(at: point) }) else { return nil }
            let line = "scheduler: fail point \(point.rawValue): \(action.rawValue)\n"
            _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            return action
        }

        private func crash() -> Never {
            kill(getpid(), SIGKILL)
            while true { pause() }
        }

        private var error: SchedulerError {
            isOutcomeKnown
                ? SchedulerError(.unavailable, "fail point \(rawValue): the server is away; try again")
                : SchedulerError(.outcomeUnknown, "fail point \(rawValue): the answer was lost")
        }
    }
#else
    extension FailPoint {
        public static let isCompiledIn = false

        public static func arm(_ order: FailPointOrder?) {}

        @inlinable public static func hit(_ point: FailPoint) async throws {}

        @inlinable public static func hit(_ point: FailPoint) throws {}
    }
#endif
