import Testing

/// The roles take time and chance from where a test can replace them, else no simulation could repeat itself.
@Suite("Time and chance")
struct TimeTests {
    /// Processes and their keeper live on the machine's time.
    private static let exceptions = ["/Keeper/", "/Processes/"]
    private static let forbidden = [
        "ContinuousClock.now", "Task.sleep", "SystemRandomNumberGenerator", " Task {", "Task.detached", ": .now)",
        ": .now +", "= .now +",
    ]

    @Test(
        "no role reads the machine's clock or random bits by itself, or starts a task that nobody can place",
        arguments: ["SchedulerApplication", "SchedulerDispatcher", "SchedulerWorker"])
    func sources(library: String) throws {
        let wrong = try SourceTree.swiftFiles(under: "Sources/\(library)")
            .filter { file in !TimeTests.exceptions.contains { file.path.contains($0) } }
            .flatMap { file in
                file.lines.enumerated()
                    .filter { line in
                        TimeTests.forbidden.contains { line.element.contains($0) }
                            && !line.element.contains("///") && !line.element.contains("stop.fire(.now)")
                    }
                    .map { file.place($0.offset) }
            }
        #expect(wrong == [])
    }
}
