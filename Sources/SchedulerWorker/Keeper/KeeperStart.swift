import CProcess
import Glibc

/// A task that a keeper is to start, as the worker's message says it.
struct KeeperStart: Sendable {
    private let request: scheduler_keeper_request
    /// The strings of the request, each with its NUL.
    private let strings: [UInt8]
    private let output: CInt
    private let error: CInt
    /// -1: none.
    private let input: CInt
    let id: UInt64
    /// The control group that it shall run in; nil for none.
    let group: ControlGroup?

    /// Takes the descriptors over.
    ///
    /// - Returns: nil where the message is not one that a worker sends; its descriptors are closed then.
    init?(_ request: scheduler_keeper_request, descriptors: [CInt]) {
        let expected = request.has_input != 0 ? 4 : 3
        guard descriptors.count == expected, descriptors.allSatisfy({ $0 >= 0 }),
            let strings = KeeperStart.read(descriptors[0])
        else {
            for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
            return nil
        }
        close(descriptors[0])
        self.request = request
        self.strings = strings
        id = request.id
        output = descriptors[1]
        error = descriptors[2]
        input = expected == 4 ? descriptors[3] : -1
        let folder = KeeperStart.lastString(of: strings)
        group =
            folder.isEmpty
            ? nil
            : ControlGroup(
                path: folder, memoryBytes: request.group_memory_bytes < 0 ? nil : request.group_memory_bytes,
                processes: request.group_processes < 0 ? nil : request.group_processes)
    }

    func closeDescriptors() {
        close(output)
        close(error)
        if input >= 0 { close(input) }
    }

    /// Calls the body with what the system needs; the pointers live as long as the call.
    func withRequest<Result>(
        null: CInt, cgroup: CInt, number: UnsafeMutablePointer<pid_t>,
        _ body: (UnsafePointer<scheduler_spawn_request>) -> Result
    ) -> Result {
        var strings = strings
        return strings.withUnsafeMutableBytes { bytes in
            var rest = bytes.startIndex
            func next() -> UnsafeMutablePointer<CChar>? {
                guard rest < bytes.endIndex, let base = bytes.baseAddress else { return nil }
                let start = (base + rest).assumingMemoryBound(to: CChar.self)
                rest += strlen(start) + 1
                return start
            }
            func list(_ count: UInt32) -> [UnsafeMutablePointer<CChar>?] { (0..<count).map { _ in next() } + [nil] }
            let candidates = list(request.candidates).map { UnsafePointer($0) }
            let arguments = list(request.arguments)
            let variables = list(request.variables)
            let directory = next()
            return candidates.withUnsafeBufferPointer { candidates in
                arguments.withUnsafeBufferPointer { arguments in
                    variables.withUnsafeBufferPointer { variables in
                        var raw = scheduler_spawn_request()
                        raw.candidates = candidates.baseAddress
                        raw.arguments = arguments.baseAddress
                        raw.environment = variables.baseAddress
                        raw.working_directory = directory.flatMap { $0.pointee == 0 ? nil : UnsafePointer($0) }
                        raw.standard_input = input >= 0 ? input : null
                        raw.standard_output = output
                        raw.standard_error = error
                        raw.extra = -1
                        raw.cgroup = cgroup
                        raw.dies_with_parent = 1
                        raw.adopts = 1
                        raw.mask = request.mask
                        raw.limits = request.limits
                        raw.user = request.user
                        raw.number = number
                        return withUnsafePointer(to: raw, body)
                    }
                }
            }
        }
    }

    /// - Returns: nil where it cannot be read whole.
    private static func read(_ file: CInt) -> [UInt8]? {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size > 0 else { return nil }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(0, pread(file, buffer.baseAddress, size, 0))
        }
        return bytes.count == size && bytes.last == 0 ? bytes : nil
    }

    private static func lastString(of strings: [UInt8]) -> String {
        String(decoding: strings.dropLast().reversed().prefix { $0 != 0 }.reversed(), as: UTF8.self)
    }
}
