import SchedulerDomain
import Testing

@Suite("The query builder")
struct TaskQueryBuilderTests {
    @Test("puts conditions together and binds every value")
    func filters() {
        var builder = TaskQueryBuilder()
        builder.filter("tenant_id", .equal, .text("'; DROP TABLE tasks --"))
        builder.filter("deleted_at IS NULL")
        builder.filter("status", .equal, nil)
        builder.filter("id", .less, .integer(7))
        builder.page(descendingBy: "id", limit: 50)
        #expect(
            builder.text == " WHERE tenant_id = $1 AND deleted_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3")
        #expect(builder.parameters == [.text("'; DROP TABLE tasks --"), .integer(7), .integer(51)])
    }

    @Test("without conditions adds nothing")
    func empty() {
        #expect(TaskQueryBuilder().text == "")
    }

    @Test("a page holds the limit and says whether more follows")
    func page() {
        #expect(Page(rows: [1, 2, 3], limit: 2).items == [1, 2])
        #expect(Page(rows: [1, 2, 3], limit: 2).hasMore)
        #expect(!Page(rows: [1, 2], limit: 2).hasMore)
        #expect(Page(rows: [1, 2, 3], limit: 2).map { $0 * 2 }.items == [2, 4])
    }
}
