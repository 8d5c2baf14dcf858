private import Glibc

/// Lines for the person at the terminal: results to standard output, complaints to standard error.
enum Terminal {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    static func complain(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Written by `write(2)` because Swift's own `stdout` is buffered when it is a pipe.
    private static func write(_ text: String, to descriptor: Int32) { _ = write(Array(text.utf8), to: descriptor) }

    /// - Returns: whether all of it was written; if not, nobody reads on.
    fileprivate static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// Standard output for a long text, written in pieces.
final class TerminalStream {
    /// How much is kept before it is written, in bytes.
    static let pieceSize = 65_536

    private var bytes: [UInt8] = []
    /// False once nobody reads on, as after `| head`.
    private(set) var isOpen = true

    func write(_ text: String) { write(text.utf8) }

    func write(_ text: some Sequence<UInt8>) {
        bytes.append(contentsOf: text)
        if bytes.count >= TerminalStream.pieceSize { flush() }
    }

    func flush() {
        isOpen = isOpen && Terminal.write(bytes, to: STDOUT_FILENO)
        bytes.removeAll(keepingCapacity: true)
    }
}
