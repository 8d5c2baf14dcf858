import SchedulerTestingUtils

/// How often a call of a port goes wrong, each as a chance of 0–1.
struct FaultRates: Sendable {
    var fail = 0.0
    var lose = 0.0
    var crash = 0.0
    var slow = 0.0

    static let none = FaultRates()

    func pick(using chance: inout some RandomNumberGenerator) -> PortFault {
        // One draw for all, so that the history does not depend on the rates of other faults.
        var roll = Double.random(in: 0..<1, using: &chance)
        func falls(_ rate: Double) -> Bool {
            roll -= rate
            return roll < 0
        }
        if falls(fail) { return .failBefore }
        if falls(lose) { return .failAfter }
        if falls(crash / 2) { return .crashBefore }
        if falls(crash / 2) { return .crashAfter }
        if falls(slow) { return .slow(.milliseconds(Int64.random(in: 5...800, using: &chance))) }
        return .none
    }
}
