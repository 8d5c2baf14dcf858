import Glibc

/// Control groups whose removal waits for their last process; the kernel refuses it until then.
struct LeftGroups {
    private struct Left {
        var group: ControlGroup
        var tries = 0
    }

    private static let pause = Duration.milliseconds(20)
    /// After which a group stays: somebody outside of the task holds it.
    private static let mostTries = 100

    private var left: [Left] = []
    private(set) var nextTry: ContinuousClock.Instant?

    var isEmpty: Bool { left.isEmpty }

    mutating func remove(_ group: ControlGroup) {
        guard !group.remove() else { return }
        left.append(Left(group: group))
        nextTry = nextTry ?? .now + LeftGroups.pause
    }

    mutating func retry(at now: ContinuousClock.Instant) {
        guard let due = nextTry, due <= now else { return }
        for index in left.indices { left[index].tries += 1 }
        left.removeAll { $0.group.remove() || $0.tries >= LeftGroups.mostTries }
        nextTry = left.isEmpty ? nil : now + LeftGroups.pause
    }
}
