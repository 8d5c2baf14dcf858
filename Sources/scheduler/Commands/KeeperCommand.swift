import ArgumentParser
import SchedulerWorker

/// What a worker starts as the parent of its tasks; not for people.
struct KeeperCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keeper", abstract: "Start a worker's tasks, and leave none behind.", shouldDisplay: false)

    func run() throws {
        do {
            try Keeper.run()
        } catch {
            throw ExitOnError.exit(for: error)
        }
    }
}
