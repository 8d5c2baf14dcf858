/// How a worker runs processes.
public struct ProcessSettings: Sendable, Hashable {
    /// The program that becomes the parent of all tasks.
    public struct KeeperProgram: Sendable, Hashable {
        /// The worker's own executable, also where its file was replaced meanwhile.
        public static let ownExecutable = KeeperProgram(path: "/proc/self/exe")

        public var path: String
        public var arguments: [String]

        /// - Parameters:
        ///   - path: of an executable that calls `Keeper.run()` when it gets the arguments.
        ///   - arguments: without the program's name.
        public init(path: String, arguments: [String] = ["keeper"]) {
            self.path = path
            self.arguments = arguments
        }
    }

    /// Nil: no processes; a task that needs one fails and says so.
    public var keeper: KeeperProgram?
    /// How long a process that was told to stop may take before it is killed.
    public var killGrace: Duration
    /// A keeper that has not answered for so long hangs, for example because a task stopped it, and is killed.
    public var keeperPatience: Duration
    /// Whose rights tasks have; nil: the worker's.
    public var user: TaskUser?
    /// The file mode creation mask of tasks; nil: the worker's.
    public var umask: Int?
    /// The folder of a control group (cgroup v2) in which each task gets one of its own; nil: limits are those of single
    /// processes.
    public var controlGroup: String?
    /// Whether children that the process did not start are remains of tasks, and are killed after the death of a keeper.
    ///
    /// Only right for a process that starts nothing else, such as `scheduler worker`.
    public var adoptsOrphans: Bool
    /// A descriptor that the keeper holds as long as it lives, for example of a lock; nil for none.
    public var heldDescriptor: Int32?

    public init(
        keeper: KeeperProgram? = nil,
        killGrace: Duration = .seconds(5),
        keeperPatience: Duration = .seconds(10),
        user: TaskUser? = nil,
        umask: Int? = nil,
        controlGroup: String? = nil,
        adoptsOrphans: Bool = false,
        heldDescriptor: Int32? = nil
    ) {
        self.keeper = keeper
        self.killGrace = killGrace
        self.keeperPatience = keeperPatience
        self.user = user
        self.umask = umask
        self.controlGroup = controlGroup
        self.adoptsOrphans = adoptsOrphans
        self.heldDescriptor = heldDescriptor
    }
}
