package import SchedulerDomain
package import SchedulerErrors

/// What a `python` task runs: the script in `command` or in `config`, and who interprets it.
package struct PythonCall: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        case inline(String)
        /// Counts from the working directory.
        case file(String)
    }

    package var source: Source
    /// A program, by name or by path.
    package var interpreter: String

    /// - Throws: `validation` with every fault.
    package init(_ spec: TaskSpec) throws(SchedulerError) {
        guard case .object = spec.config, var reader = try? BodyReader(spec.config, path: "config") else {
            throw .invalid("config", BodyFault.wrongKind(spec.config, "an object").message)
        }
        let script = reader.read("script", .text(1...1_000_000))
        let file = reader.read("file", .text(1...4_096))
        let interpreter = reader.read("interpreter", .text(1...4_096))
        let folder = reader.read("venv", .text(1...4_096))
        if interpreter != nil, folder != nil {
            reader.fault("venv", "must be absent where interpreter says what to run")
        }
        self.interpreter = folder.map { "\($0)/bin/python" } ?? interpreter ?? "python3"
        var sources: [Source] = []
        if let command = spec.command, command.contains(where: { !$0.isWhitespace }) {
            sources.append(.inline(command))
        }
        if let script { sources.append(.inline(script)) }
        if let file { sources.append(.file(file)) }
        source = sources.first ?? .inline("")
        var faults: [SchedulerError.FieldFault] = []
        if sources.isEmpty, reader.isSound("script", "file") {
            faults.append(.init(field: "command", message: "is missing; or config.script, or config.file"))
        } else if sources.count > 1 {
            let message = "must be the only one of command, config.script and config.file"
            faults.append(.init(field: file == nil ? "config.script" : "config.file", message: message))
        }
        faults += reader.finish()
        guard faults.isEmpty else { throw .invalid(faults) }
    }
}
