import SchedulerDomain
import Testing

@Suite("Words of random expressions")
struct CronWordsPropertyTests {
    @Test("name exactly the times of day at which the expression fires")
    func times() throws {
        var random = SeededGenerator(seed: Randomness.seed)
        for _ in 0..<80 * Randomness.factor {
            let second = random.chance(60) ? "0" : Self.field(60, &random)
            let text = "\(second) \(Self.field(60, &random)) \(Self.field(24, &random)) * * *"
            let words = try CronExpression(parsing: text).words(in: "UTC")
            let read = TimeWordsReader.seconds(of: words.replacing(/( every day)?, UTC$/, with: ""))
            #expect(try read == Self.fires(text), "\"\(text)\" reads \"\(words)\"; seed \(Randomness.seed)")
        }
    }

    /// The seconds of a day at which it fires.
    private static func fires(_ text: String) throws -> Set<Int> {
        let times = FireTimes(try CronExpression(parsing: text), in: .utc)
        var fires: Set<Int> = []
        var next = times.next(after: UTCInstant(secondsSinceEpoch: -1))
        while let fire = next, fire.secondsSinceEpoch < 86_400 {
            fires.insert(Int(fire.secondsSinceEpoch))
            next = times.next(after: fire)
        }
        return fires
    }

    private static func field(_ count: Int, _ random: inout SeededGenerator) -> String {
        let items = (0..<(random.chance(70) ? 1 : Int.random(in: 2...4, using: &random))).map { _ in
            let first = Int.random(in: 0..<count, using: &random)
            let last = Int.random(in: first..<count, using: &random)
            // Divisors of the field come often, since they have words of their own.
            let step =
                random.chance(60)
                ? [2, 3, 4, 6, 12].randomElement(using: &random) ?? 2
                : Int.random(
                    in: 1..<count, using: &random)
            return switch Int.random(in: 0..<6, using: &random) {
            case 0: "*"
            case 1: "*/\(step)"
            case 2: "\(first)/\(step)"
            case 3: "\(first)-\(last)"
            case 4: "\(first)-\(last)/\(step)"
            default: "\(first)"
            }
        }
        return items.joined(separator: ",")
    }
}
