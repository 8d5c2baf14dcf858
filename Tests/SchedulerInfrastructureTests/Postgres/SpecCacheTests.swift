import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("The cache of specs")
struct SpecCacheTests {
    private func id(_ number: Int) -> TaskVersionID { TaskVersionID(task: TaskID(Int64(number)), version: 1) }

    @Test("finds what it keeps, by task and version")
    func finds() {
        let cache = SpecCache()
        cache.keep(.fixture(name: "one"), of: id(1), bytes: 100)
        let other = TaskVersionID(task: TaskID(1), version: 2)
        #expect(cache.specs(of: [id(1), id(2), other]).mapValues(\.name) == [id(1): "one"])
    }

    @Test("holds no more than its limit, and what is asked for stays")
    func bounded() {
        let cache = SpecCache(limit: 1_000)
        for number in 0..<1_000 {
            cache.keep(.fixture(name: "\(number)"), of: id(number), bytes: 100)
            #expect(cache.specs(of: [id(0)]).count == 1)
        }
        let kept = cache.specs(of: (0..<1_000).map(id))
        #expect(kept.count <= 12 && kept[id(0)] != nil && kept[id(999)] != nil)
    }
}
