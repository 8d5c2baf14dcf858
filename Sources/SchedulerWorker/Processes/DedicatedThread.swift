import CProcess
import Glibc
import SchedulerErrors

/// Starts a thread of our own for calls that block, so that Swift's threads stay free.
///
/// - Parameter name: at most 15 characters; shown by `top -H`.
/// - Throws: `unavailable` where the system allows no more threads.
func startDedicatedThread(named name: String, _ body: @escaping @Sendable () -> Void) throws {
    final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 512 * 1_024)
    let box = Unmanaged.passRetained(Box(name, body))
    var thread = pthread_t()
    let error = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
            scheduler_name_thread(box.name)
            box.body()
            return nil
        }, box.toOpaque())
    guard error == 0 else {
        box.release()
        throw SchedulerError(.unavailable, "no thread can be started: \(systemMessage(error))")
    }
}

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The name of a signal, for example `SIGKILL`.
func signalName(_ number: Int32) -> String {
    scheduler_signal_name(number).map { "SIG" + String(cString: $0) } ?? "\(number)"
}
