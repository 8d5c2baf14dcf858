/// Why a text is no value of its setting: the end of a sentence that begins with the setting's name.
struct Misfit: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

extension StringProtocol {
    /// Without the white space at both ends.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}

extension Substring {
    /// What stands before and after the first separator; nil after it where there is none.
    func splitOnce(at separator: Character) -> (Substring, Substring?) {
        guard let index = firstIndex(of: separator) else { return (self, nil) }
        return (self[..<index], self[self.index(after: index)...])
    }
}

extension Duration {
    /// The length in seconds as the configuration writes it: `5`, `0.5`.
    var inSeconds: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return seconds == seconds.rounded() ? String(Int64(seconds)) : String(seconds)
    }
}
