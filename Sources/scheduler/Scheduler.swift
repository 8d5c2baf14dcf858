import ArgumentParser

@main struct Scheduler: AsyncParsableCommand { func run() async throws {} }
