/// What a newcomer sees when the standalone scheduler listens.
enum Welcome {
    static func show(address: String, folder: String) {
        Terminal.line(
            """

            The scheduler listens on \(address); its data is in \(folder). Ctrl-C ends it.

            Try, in another terminal:
              curl -s -H 'Content-Type: application/json' \(address)/api/tasks \\
                   -d '{"name":"tick","executor":"shell","command":"date","schedule":"* * * * * *"}'
              curl -s '\(address)/api/task-runs?limit=3'
              curl -s -X POST \(address)/api/tasks/1/pause

            """)
    }
}
