import CProcess
import Glibc

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
