import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import Testing

@Suite("Configuration of executors in a body")
struct ExecutorRulesTests {
    private func faults(_ members: [String: JSONValue]) -> [String] {
        do {
            _ = try TaskBody(.object(members.merging(["name": "n"]) { $1 })).draft()
            return []
        } catch {
            return (error as? SchedulerError)?.faults.map(\.field) ?? ["\(error)"]
        }
    }

    @Test("shell and command need a command", arguments: ["shell", "bash", "command", "custom"])
    func commandIsNeeded(executor: String) {
        #expect(faults(["executor": .string(executor)]) == ["command"])
    }

    @Test("an http call is accepted in config, and as the same object in command")
    func httpCall() {
        let call: JSONValue = [
            "url": "https://example.org:8443/a?b=c", "method": "POST", "headers": ["X-A": "b"], "body": ["k": 1],
            "timeout_seconds": 5, "expected_status": [200, 204], "retry_on_status_codes": [429, 503],
        ]
        #expect(faults(["executor": "http", "config": call]) == [])
        #expect(faults(["executor": "http", "command": .string(call.text)]) == [])
        #expect(faults(["executor": "http", "config": ["url": "http://[::1]:80/", "expected_status": 404]]) == [])
    }

    @Test(
        "every fault of an http call is named",
        arguments: [
            ([:], ["config.url"]), (["url": "ftp://a"], ["config.url"]), (["url": "http://"], ["config.url"]),
            (["url": "http://a b"], ["config.url"]), (["url": "http://a\r\nX: y"], ["config.url"]),
            (["url": "http://u:p@a"], ["config.url"]), (["url": "http://a:0"], ["config.url"]),
            (["url": "http://a:99999"], ["config.url"]), (["url": nil], ["config.url"]),
            (["url": "http://a", "method": "TRACE"], ["config.method"]),
            (["url": "http://a", "headers": ["X": "a\r\nY: b"]], ["config.headers.X"]),
            (["url": "http://a", "headers": ["X Y": "a"]], ["config.headers"]),
            (["url": "http://a", "expected_status": 99], ["config.expected_status"]),
            (["url": "http://a", "timeout_seconds": 0], ["config.timeout_seconds"]),
            (["url": 1, "retry": true, "method": 1], ["config.url", "config.method", "config.retry"]),
            (["url": "http://a", "headers": ["X": "a\0"]], ["config"]),
            (["url": "http://a", "body": 1, "form": ["a": "b"]], ["config.form"]),
            (["url": "http://a", "form": ["a": [1]]], ["config.form.a"]),
            (["url": "http://a", "max_redirects": 21], ["config.max_redirects"]),
            (["url": "http://a", "connect_timeout_seconds": 0], ["config.connect_timeout_seconds"]),
            (["url": "http://a", "expected_status": "6xx"], ["config.expected_status"]),
            (["url": "http://a", "retry_on_status_codes": [429, 1]], ["config.retry_on_status_codes.1"]),
            (["url": "http://a/{{run.uuid}}"], ["config.url"]), (["url": "http://{{run.id}"], ["config.url"]),
            (["url": "http://a", "headers": ["X": "{{x}}"]], ["config.headers.X"]),
            (["url": "http://a", "body": ["k": [1, "{{x}}"]]], ["config.body.k.1"]),
            (["url": "http://a", "body": "{{x}}"], ["config.body"]),
            (["url": "http://a", "form": ["a": "{{x}}"]], ["config.form.a"]),
            (["url": "http://a/{{upstream.x.y}}", "body": "{{upstream.x}}"], ["config.url", "config.body"]),
        ] as [(JSONValue, [String])])
    func httpFaults(config: JSONValue, fields: [String]) {
        #expect(faults(["executor": "http", "config": config]) == fields)
    }

    @Test("templates are accepted wherever values are sent")
    func templates() {
        let call: JSONValue = [
            "url": "https://{{arguments.0}}:8443/{{ run.id }}?a={{task.name}}",
            "headers": ["X-A": "{{fire_time}}"], "method": "post", "form": ["a": "{{upstream.load.rows}}", "b": 1],
            "timeout_seconds": 0.5, "connect_timeout_seconds": 3, "max_redirects": 0, "expected_status": ["2xx", 404],
        ]
        #expect(faults(["executor": "http", "config": call, "dependencies": [1]]) == [])
    }

    @Test("an http task says what to call once")
    func httpTwice() {
        let command: JSONValue = .string(#"{"url":"http://a"}"#)
        #expect(faults(["executor": "http", "config": ["url": "http://a"], "command": command]) == ["command"])
        #expect(faults(["executor": "http", "command": "curl x"]) == ["command"])
    }

    @Test(
        "a function is named in config or in command",
        arguments: [
            (["executor": "function", "config": ["name": "noop"]], []),
            (
                ["executor": "function", "config": ["functionName": "f", "modulePath": "m", "parameters": ["a": 1]]], []
            ),
            (["executor": "function", "command": "noop"], []), (["executor": "function"], ["config.name"]),
            (["executor": "function", "config": ["name": 1]], ["config.name"]),
            (["executor": "function", "config": ["name": "a", "functionName": "b"]], ["config.functionName"]),
            (["executor": "function", "config": ["name": "a", "retries": 1]], ["config.retries"]),
        ] as [([String: JSONValue], [String])])
    func functions(members: [String: JSONValue], fields: [String]) {
        #expect(faults(members) == fields)
    }

    @Test(
        "a python task has one script and one interpreter",
        arguments: [
            (["command": "print(1)"], []), (["config": ["script": "print(1)", "interpreter": "python3.12"]], []),
            (["config": ["file": "a.py", "venv": "/srv/venv"]], []), ([:], ["command"]),
            (["command": " \n"], ["command"]), (["command": "1", "config": ["script": "2"]], ["config.script"]),
            (["config": ["script": "2", "file": "a.py"]], ["config.file"]),
            (["command": "1", "config": ["interpreter": "p", "venv": "v"]], ["config.venv"]),
            (["command": "1", "config": ["version": 3]], ["config.version"]),
            (["config": ["file": 1]], ["config.file"]),
        ] as [([String: JSONValue], [String])])
    func python(members: [String: JSONValue], fields: [String]) {
        #expect(faults(members.merging(["executor": "python"]) { $1 }) == fields)
    }

    @Test("what another executor needs is known to its plug-in alone")
    func others() {
        #expect(faults(["executor": "render-farm", "config": ["scene": "a"]]) == [])
    }
}
