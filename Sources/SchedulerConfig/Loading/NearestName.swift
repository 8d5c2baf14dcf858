/// Finds the name that somebody probably meant.
enum NearestName {
    /// Returns the candidate with the least edit distance, nil where none is near.
    static func of(_ name: String, among candidates: [String]) -> String? {
        let limit = max(2, name.count / 3)
        let best = candidates.map { ($0, distance(Array(name), Array($0))) }.min { $0.1 < $1.1 }
        guard let best, best.1 <= limit else { return nil }
        return best.0
    }

    /// How many characters must be inserted, removed or replaced.
    ///
    /// - SeeAlso: Wagner and Fischer, "The String-to-String Correction Problem", Journal of the ACM, 1974.
    static func distance(_ first: [Character], _ second: [Character]) -> Int {
        var previous = Array(0...second.count)
        for (row, character) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[second.count]
    }
}
