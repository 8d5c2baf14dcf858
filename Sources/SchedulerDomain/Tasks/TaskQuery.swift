/// Which tasks to list: newest first, pages by key.
public struct TaskQuery: Sendable, Hashable {
    public var tenant: TenantID
    public var status: TaskStatus?
    /// 1–500.
    public var limit: Int
    /// Only tasks older than this one; nil for the first page.
    public var before: TaskID?

    public init(tenant: TenantID = .default, status: TaskStatus? = nil, limit: Int = 50, before: TaskID? = nil) {
        self.tenant = tenant
        self.status = status
        self.limit = limit
        self.before = before
    }
}

/// Which runs to list: newest first, pages by key.
public struct TaskRunQuery: Sendable, Hashable {
    public var tenant: TenantID
    public var task: TaskID?
    public var status: TaskRunStatus?
    /// 1–500.
    public var limit: Int
    /// Only runs older than this one; nil for the first page.
    public var before: RunID?

    public init(
        tenant: TenantID = .default,
        task: TaskID? = nil,
        status: TaskRunStatus? = nil,
        limit: Int = 50,
        before: RunID? = nil
    ) {
        self.tenant = tenant
        self.task = task
        self.status = status
        self.limit = limit
        self.before = before
    }
}
