import Foundation
import Glibc
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("The user of a process")
struct TaskUserTests {
    /// Whether the tests may become somebody else; where not, they run as the user whom a task would have.
    private static let user = Unprivileged.user(61_003)

    private func executors(_ change: (inout ProcessSettings) -> Void = { _ in }) throws -> ProcessExecutors {
        try ProcessExecutors { settings in
            settings.user = Self.user
            change(&settings)
        }
    }

    @Test("a task has the rights of its user and of no other group, and that user's home")
    func identity() async throws {
        let result = try await executors().shell.execute(.shell("id -u; id -g; id -G; echo $HOME"))
        let lines = result.stdout.split(separator: "\n").map(String.init)
        let user = Self.user
        #expect(lines.first == "\(user?.uid ?? getuid())")
        if user != nil { #expect(lines == ["61003", "61003", "61003", "/"]) }
    }

    @Test("the working directory is entered with the user's rights")
    func directory() async throws {
        let folder = try TemporaryFolder()
        #expect(chmod(folder.path, 0) == 0)
        defer { chmod(folder.path, 0o700) }
        let error = await #expect(throws: SchedulerError.self) {
            _ = try await executors().shell.execute(.shell("pwd") { $0.workingDirectory = folder.path })
        }
        #expect(error?.code == .validation)
    }

    @Test("upstream results are for the task's user to read, and for nobody else to find")
    func upstreams() async throws {
        var context = RunContext.shell(
            "cat $SCHEDULER_UPSTREAM_RESULTS; stat -c '%a %u' $SCHEDULER_UPSTREAM_RESULTS;"
                + " stat -c '%a' $(dirname $SCHEDULER_UPSTREAM_RESULTS)")
        context.upstreams = [
            UpstreamResult(task: TaskID(3), taskName: "up", run: .next(at: VirtualClock.start), status: .completed)
        ]
        let lines = try await executors().shell.execute(context).stdout.split(separator: "\n").map(String.init)
        #expect(lines.first?.contains("\"task_name\":\"up\"") == true)
        #expect(
            lines.dropFirst().first?.contains("600 \(Self.user?.uid ?? getuid())") == true || lines[0].contains("600"))
    }

    @Test("new files have the configured mask")
    func mask() async throws {
        let folder = try TemporaryFolder()
        #expect(chmod(folder.path, 0o777) == 0)
        let file = folder.file("new")
        let executors = try executors { $0.umask = 0o027 }
        #expect(
            try await executors.shell.execute(.shell("umask; : > '\(file)'; stat -c %a '\(file)'")).stdout
                == "0027\n640\n")
    }

    @Test("a user that the machine does not know is refused by name")
    func unknown() {
        let error = #expect(throws: SchedulerError.self) { try TaskUser.named("nobody-of-this-name") }
        #expect(error?.message == "worker.run_as: this machine has no user \"nobody-of-this-name\"")
    }

    @Test("a user is found by name and by number")
    func known() throws {
        let root = try TaskUser.named("root")
        #expect(root.uid == 0 && root.gid == 0 && root.groups.contains(0) && !root.home.isEmpty)
        #expect(try TaskUser.named("0") == root)
    }
}
