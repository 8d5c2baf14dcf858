import Logging
import NIOCore
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import ServiceLifecycle
import Synchronization
import Testing

@testable import SchedulerAPI

@Suite("Following a log")
struct LogStreamTests {
    /// Runs the server as a role does and ends it gracefully.
    private func withServer(
        _ configuration: APIConfiguration = APIConfiguration(port: 0),
        _ body: @escaping @Sendable (LogBench, Int, ServiceGroup) async throws -> Void
    ) async throws {
        let bench = APITestBench(
            configuration: configuration,
            pace: StreamPace(
                poll: .milliseconds(5), keepAlive: .milliseconds(10), patience: .milliseconds(500)))
        let log = try await LogBench(bench)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let group = ServiceGroup(configuration: .init(services: [bench.server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await eventually("the server listens") { bench.server.port != nil }
            try await body(log, try #require(bench.server.port), group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("lines come as they are said, whatever a request may take, and the end with the run's status")
    func follows() async throws {
        try await withServer(APIConfiguration(port: 0, requestTimeout: .milliseconds(20))) { log, port, _ in
            let attempt = try await log.started()
            try await log.say(["one"], in: attempt)
            let reader = try StreamReader(port: port, get: "/api/task-runs/\(attempt.run)/logs?follow=true")
            try await reader.expect("text/event-stream")
            let time = "2026-11-21T01:00:00Z"
            try await reader.expect(
                "id: 1\nevent: line\ndata: {\"number\":1,\"time\":\"\(time)\",\"stream\":\"stdout\",\"text\":\"one\"}\n\n"
            )
            // So much silence that the time of a request has long passed.
            try await eventually("it kept alive") { reader.text.split(separator: ": keep-alive").count > 8 }
            try await log.say(["two", "three"], from: 2, in: attempt)
            try await reader.expect("id: 3\n")
            #expect(!reader.text.contains("event: end"))
            try await log.end(attempt)
            try await reader.expect("event: end\ndata: {\"status\":\"completed\",\"attempt\":1}\n\n")
        }
    }

    @Test("a reader who comes back goes on behind the last line that he had")
    func resumes() async throws {
        try await withServer { log, port, _ in
            let attempt = try await log.started()
            try await log.say(["one", "two", "three"], in: attempt)
            try await log.end(attempt)
            let path = "/api/task-runs/\(attempt.run)/logs?follow=true"
            let reader = try StreamReader(port: port, get: path, headers: ["Last-Event-ID: 2"])
            try await reader.expect("event: end")
            #expect(reader.text.contains("id: 3\n") && !reader.text.contains("id: 2\n"))
            for id in ["x", "-1", "+1", "9223372036854775807", "9223372036854775808"] {
                let wrong = try StreamReader(port: port, get: path, headers: ["Last-Event-ID: \(id)"])
                try await wrong.expect("400 Bad Request")
            }
        }
    }

    @Test("who follows a run that waits sees its first attempt from the start, and its end")
    func waits() async throws {
        try await withServer { log, port, _ in
            let task = try await log.data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 3, delayMilliseconds: 0)))
            let run = try await log.data.runs(1, of: task)[0]
            let reader = try StreamReader(port: port, get: "/api/task-runs/\(run.id)/logs?follow=true")
            try await reader.expect("200 OK")
            let first = try await log.next()
            try await log.say(["one"], in: first)
            try await reader.expect("id: 1\n")
            try await log.end(first, .failure(.system), message: "no")
            try await reader.expect("event: end\ndata: {\"status\":\"pending\",\"attempt\":1}\n\n")
        }
    }

    @Test("who follows a run that waits sees its first attempt also where the second has begun meanwhile")
    func seesTheFirst() async throws {
        let bench = APITestBench()
        let log = try await LogBench(bench)
        let task = try await log.data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 3, delayMilliseconds: 0)))
        let run = try await log.data.runs(1, of: task)[0]
        for isBeforeFirst in [false, true] {
            let events = LogEvents(
                readLog: ReadRunLog(store: bench.store), query: .init(run: run.id), isBeforeFirst: isBeforeFirst,
                pace: StreamPace(poll: .milliseconds(1), keepAlive: .zero))
            let written = Mutex("")
            try await events.send(until: StreamEnd()) { buffer in
                let isFirst = written.withLock { text in
                    defer { text += String(buffer: buffer) }
                    return text.isEmpty
                }
                guard isFirst, !isBeforeFirst else { return }
                // The stream waits for this, so that it sees nothing of what happens here.
                for text in ["one", "two"] {
                    let attempt = try await log.next()
                    try await log.say([text], in: attempt)
                    try await log.end(attempt, text == "one" ? .failure(.system) : .success, message: "no")
                }
            }
            let all = written.withLock { $0 }
            #expect(all.contains("\"text\":\"one\"") && !all.contains("\"text\":\"two\""))
            #expect(all.contains("\"attempt\":1}"))
        }
    }

    @Test("only so many follow at once; who leaves makes room")
    func limitsFollowers() async throws {
        try await withServer(APIConfiguration(port: 0, maxFollowers: 1)) { log, port, _ in
            let attempt = try await log.started()
            let path = "/api/task-runs/\(attempt.run)/logs?follow=true"
            let first = try StreamReader(port: port, get: path)
            try await first.expect("200 OK")
            let second = try StreamReader(port: port, get: path)
            try await second.expect("503 Service Unavailable")
            first.close()
            try await eventually("there is room") {
                let next = try StreamReader(port: port, get: path)
                try await next.expect("\r\n\r\n")
                return next.text.contains("200 OK")
            }
        }
    }

    @Test("a reader who takes nothing is cut off and makes room")
    func cutsOffWhoDoesNotRead() async throws {
        try await withServer(APIConfiguration(port: 0, maxFollowers: 1)) { log, port, _ in
            let attempt = try await log.started()
            // More than the system's buffers between the two hold.
            let text = String(repeating: "x", count: 50_000)
            for chunk in 0..<60 {
                try await log.say(Array(repeating: text, count: 10), from: chunk * 10 + 1, in: attempt)
            }
            let path = "/api/task-runs/\(attempt.run)/logs?follow=true"
            let idle = try StreamReader(port: port, get: path)
            try await idle.expect("200 OK")
            try await eventually("there is room") {
                let next = try StreamReader(port: port, get: path + "&after=600")
                try await next.expect("\r\n\r\n")
                return next.text.contains("200 OK")
            }
            withExtendedLifetime(idle) {}
        }
    }

    @Test("a graceful shutdown ends every stream")
    func endsWithTheServer() async throws {
        try await withServer { log, port, group in
            let attempt = try await log.started()
            try await log.say(["one"], in: attempt)
            let reader = try StreamReader(port: port, get: "/api/task-runs/\(attempt.run)/logs?follow=true")
            try await reader.expect("id: 1\n")
            await group.triggerGracefulShutdown()
            // The last chunk of the answer: the stream was ended, not cut.
            try await reader.expect("\r\n0\r\n\r\n")
        }
    }

    @Test("a stream that has nothing to say shows that it lives")
    func keepsAlive() async throws {
        let bench = APITestBench()
        let log = try await LogBench(bench)
        let attempt = try await log.started()
        let events = LogEvents(
            readLog: ReadRunLog(store: bench.store), query: .init(run: attempt.run),
            pace: StreamPace(poll: .milliseconds(1), keepAlive: .milliseconds(2)))
        let written = Mutex<[String]>([])
        try await events.send(until: StreamEnd()) { buffer in
            written.withLock { $0.append(String(buffer: buffer)) }
            if written.withLock({ $0.count }) == 3 { try await log.end(attempt) }
        }
        let all = written.withLock { $0 }
        #expect(all.dropLast().allSatisfy { $0 == ": keep-alive\n\n" })
        #expect(all.last?.hasPrefix("event: end") == true)
    }
}
