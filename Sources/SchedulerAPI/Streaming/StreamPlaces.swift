import SchedulerErrors
import Synchronization

/// The bounded number of streams that are open at once.
final class StreamPlaces: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) { self.limit = limit }

    /// How many streams are open.
    var count: Int { taken.withLock { $0 } }

    /// Takes a place, which lasts as long as the value that is returned.
    ///
    /// - Throws: `overloaded` where all are taken.
    func take() throws -> Place {
        let isFree = taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
        guard isFree else {
            throw SchedulerError(.overloaded, "\(limit) logs are being followed already; try again in a moment")
        }
        return Place(self)
    }

    /// One open stream.
    final class Place: Sendable {
        private let places: StreamPlaces
        fileprivate init(_ places: StreamPlaces) { self.places = places }
        deinit { places.taken.withLock { $0 -= 1 } }
    }
}
